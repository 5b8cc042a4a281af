# SPDX-License-Identifier: Apache-2.0
# attack: opens a read-only descriptor anew for writing, through /proc/self/fd
# category: files
# inside: the mount is read-only for every way that leads to the file
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
way = f"/proc/self/fd/{os.open(file, os.O_RDONLY)}"
attack.try_to("reopen", lambda: os.close(os.open(way, os.O_RDWR)))
