# SPDX-License-Identifier: Apache-2.0
# attack: opens what its mode forbids to everybody, as only root may
# category: files
# inside: nobody in the box has the capability, and ids of the host are nobody's there
# as: root
# arguments: {readable}
# options: --read {readable}
import os
import sys

import attack

directory = sys.argv[1]
if "STAND_IN" in os.environ:
    os.chmod(directory + "/file", 0)
    attack.try_to("open a file of mode 0", lambda: open(directory + "/file").read())
attack.try_to("open for writing what is somebody else's", lambda: open(directory + "/file", "r+"))
