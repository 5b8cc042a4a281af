# SPDX-License-Identifier: Apache-2.0
import os
import shutil
import stat
import tempfile

os.chdir(tempfile.mkdtemp())
os.makedirs("from/below")
with open("from/below/file", "w") as file:
    file.write("x" * 190)
os.chmod("from/below/file", 0o640)
os.utime("from/below/file", (1000, 2000))
shutil.copytree("from", "to")
shutil.copystat("from/below/file", "to/below/file")
found = os.stat("to/below/file")
assert stat.S_IMODE(found.st_mode) == 0o640 and found.st_mtime == 2000
shutil.move("to/below/file", "moved")
shutil.rmtree("to")
print(os.path.getsize("moved"))
