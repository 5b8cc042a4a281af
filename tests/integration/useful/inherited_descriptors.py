# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

reader, writer = os.pipe()
os.set_inheritable(writer, True)
subprocess.run(["/bin/sh", "-c", f"printf 190 >&{writer}"], pass_fds=[writer], check=True)
print(os.read(reader, 10).decode())
