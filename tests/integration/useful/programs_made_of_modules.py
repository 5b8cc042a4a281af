# SPDX-License-Identifier: Apache-2.0
import compileall
import os
import runpy
import subprocess
import sys
import tempfile
import zipapp

os.chdir(tempfile.mkdtemp())
os.mkdir("app")
with open("app/__main__.py", "w") as file:
    file.write("number = 190\nif __name__ == '__main__':\n    print(number)\n")
assert compileall.compile_dir("app", quiet=2)
assert runpy.run_path("app/__main__.py")["number"] == 190
zipapp.create_archive("app", "app.pyz")
print(
    subprocess.run([sys.executable, "app.pyz"], capture_output=True, text=True).stdout, end=""
)
