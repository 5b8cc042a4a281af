# SPDX-License-Identifier: Apache-2.0
# attack: reads a file outside the workspace through a symbolic link inside it
# category: files
# inside: the link leads nowhere, whoever made it
# arguments: {workspace} {secret}
# options: --directory {workspace}
import os
import sys

import attack

link = os.path.join(sys.argv[1], "way-out")
os.symlink(sys.argv[2], link)
try:
    attack.try_to("read through a link", lambda: open(link).read())
finally:
    os.unlink(link)
