# SPDX-License-Identifier: Apache-2.0
# attack: opens a file that was shown read-only for writing
# category: files
# inside: what is shown read-only is a read-only mount
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("open for writing", lambda: os.close(os.open(file, os.O_WRONLY)))
