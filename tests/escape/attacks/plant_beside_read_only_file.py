# SPDX-License-Identifier: Apache-2.0
# attack: puts a file of its own beside one that was shown read-only
# category: files
# inside: what is shown read-only is a read-only mount
# arguments: {readable}
# options: --read {readable}
import sys

import attack

file = sys.argv[1] + "/file"
attack.try_to("create", lambda: open(file + ".so", "x").close())
