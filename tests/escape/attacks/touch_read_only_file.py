# SPDX-License-Identifier: Apache-2.0
# attack: changes the times of a file that was shown read-only, so that make and backups err
# category: files
# inside: what is shown read-only is a read-only mount
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("utime", lambda: os.utime(file, (1, 1)))
