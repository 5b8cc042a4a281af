# SPDX-License-Identifier: Apache-2.0
# attack: fchmod on a descriptor that is open for reading only
# category: files
# inside: the mount is read-only for every way that leads to the file
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("fchmod", lambda: os.fchmod(os.open(file, os.O_RDONLY), 0o777))
