# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import threading

os.chdir(tempfile.mkdtemp())
with open("file", "w") as file:
    file.write("190")
os.symlink("file", "link")
os.link("file", "name")
assert os.readlink("link") == "file" and os.stat("name").st_nlink == 2
os.mkfifo("pipe")
threading.Thread(target=lambda: open("pipe", "w").write(open("link").read())).start()
print(open("pipe").read())
