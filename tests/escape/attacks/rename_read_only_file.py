# SPDX-License-Identifier: Apache-2.0
# attack: moves a file that was shown read-only out of the way
# category: files
# inside: what is shown read-only is a read-only mount
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("rename", lambda: os.rename(file, file + ".old"))
