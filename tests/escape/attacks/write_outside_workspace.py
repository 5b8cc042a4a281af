# SPDX-License-Identifier: Apache-2.0
# attack: writes beside the caller's own start-up files, for the caller to run at the next login
# category: files
# inside: nothing outside the workspace can be written
# arguments: {secret}
# options: --directory {workspace}
import sys

import attack

attack.try_to("write outside", lambda: open(sys.argv[1] + ".sh", "w").write("echo mine"))
