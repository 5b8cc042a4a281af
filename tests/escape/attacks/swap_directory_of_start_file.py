# SPDX-License-Identifier: Apache-2.0
# attack: .bashrc is a link to conf/bashrc: moves conf away and makes one of its own
# category: files
# inside: every directory on the way of a protected link is a mount point
# arguments: {workspace}
# options: --directory {workspace}
import os
import sys

import attack


def swap():
    os.chdir(sys.argv[1])
    os.rename("conf", "was")
    os.mkdir("conf")
    with open(".bashrc", "w") as file:
        file.write("echo owned\n")


attack.try_to("put another start file behind the link", swap)
