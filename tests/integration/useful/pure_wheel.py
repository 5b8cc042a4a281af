# SPDX-License-Identifier: Apache-2.0
# with: setuptools wheel
import os
import subprocess
import sys
import tempfile
import zipfile

os.chdir(tempfile.mkdtemp())
with open("setup.py", "w") as file:
    file.write("import setuptools; setuptools.setup(name='mine', version='1', py_modules=['mine'])")
with open("mine.py", "w") as file:
    file.write("number = 190\n")
subprocess.run(
    [sys.executable, "setup.py", "-q", "bdist_wheel"], check=True, stderr=subprocess.DEVNULL
)
(wheel,) = os.listdir("dist")
with zipfile.ZipFile(f"dist/{wheel}") as archive:
    print(archive.read("mine.py").decode().split()[-1])
