# SPDX-License-Identifier: Apache-2.0
import fcntl
import os
import subprocess
import sys
import tempfile

path = f"{tempfile.mkdtemp()}/lock"
TRY = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"
with open(path, "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    child = subprocess.run([sys.executable, "-c", TRY, path], stderr=subprocess.PIPE)
    assert b"BlockingIOError" in child.stderr
    fcntl.flock(file, fcntl.LOCK_UN)
    fcntl.lockf(file, fcntl.LOCK_EX)
    assert subprocess.run([sys.executable, "-c", TRY, path]).returncode == 0
    os.ftruncate(file.fileno(), 190)
print(os.path.getsize(path))
