# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

child = subprocess.run(
    [sys.executable, "-c", "import sys; sys.stdout.write('x' * 19_000_000)"], capture_output=True
)
print(len(child.stdout) // 100_000)
