# SPDX-License-Identifier: Apache-2.0
# attack: walks from the workspace up and down again to a key in the caller's home
# category: files
# inside: above the workspace there are only the directories that lead to it
# arguments: {workspace} {secret}
# options: --directory {workspace}
import os
import sys

import attack

workspace, secret = sys.argv[1:3]
way = os.path.join(workspace, os.path.relpath(secret, workspace))
attack.try_to("walk up to the key", lambda: open(way).read())
