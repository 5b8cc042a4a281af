# SPDX-License-Identifier: Apache-2.0
# attack: leaves a git hook in the workspace, which runs as its owner at the next commit
# category: files
# inside: .git is read-only where it exists
# arguments: {workspace}
# options: --directory {workspace}
import sys

import attack

hook = sys.argv[1] + "/.git/hooks/pre-commit"
attack.try_to("write a hook", lambda: open(hook, "w").write("#!/bin/sh\n"))
