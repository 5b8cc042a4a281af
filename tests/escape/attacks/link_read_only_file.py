# SPDX-License-Identifier: Apache-2.0
# attack: makes a second name for a file that was shown read-only, where it may write
# category: files
# inside: another mount, and names do not cross mounts
# arguments: {readable} {workspace}
# options: --read {readable} --directory {workspace}
import os
import sys

import attack

os.chdir(sys.argv[2])
file = sys.argv[1] + "/file"
attack.try_to("link", lambda: os.link(file, "mine"))
