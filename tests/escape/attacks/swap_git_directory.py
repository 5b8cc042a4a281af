# SPDX-License-Identifier: Apache-2.0
# attack: moves the protected .git away and puts one of its own there, with hooks
# category: files
# inside: what is protected is a mount point: it can be neither moved nor removed
# arguments: {workspace}
# options: --directory {workspace}
import os
import sys

import attack


def swap():
    os.chdir(sys.argv[1])
    os.makedirs("mine/hooks")
    os.rename(".git", "was")
    os.rename("mine", ".git")


attack.try_to("put another .git there", swap)
