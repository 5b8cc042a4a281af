# SPDX-License-Identifier: Apache-2.0
import subprocess

script = "seq 1 19 | awk '{ s += $1 } END { print s }' | tr -d x | sort | head -n 1"
print(subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True).stdout, end="")
