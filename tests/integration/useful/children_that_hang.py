# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

try:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(100)"], timeout=0.3)
except subprocess.TimeoutExpired:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        print(child.communicate(b"190", timeout=10)[0].decode())
