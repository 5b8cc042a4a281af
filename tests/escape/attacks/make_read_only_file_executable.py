# SPDX-License-Identifier: Apache-2.0
# attack: changes the mode of a file that was shown read-only
# category: files
# inside: what is shown read-only is a read-only mount
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("chmod", lambda: os.chmod(file, 0o777))
