# SPDX-License-Identifier: Apache-2.0
import importlib
import importlib.resources
import os
import sys
import tempfile

place = tempfile.mkdtemp()
os.mkdir(f"{place}/package")
open(f"{place}/package/__init__.py", "w").close()
with open(f"{place}/package/number.txt", "w") as file:
    file.write("190")
sys.path.insert(0, place)
package = importlib.import_module("package")
print(importlib.resources.files(package).joinpath("number.txt").read_text())
