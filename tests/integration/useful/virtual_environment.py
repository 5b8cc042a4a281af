# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
import tempfile
import venv

place = tempfile.mkdtemp()
venv.create(place, with_pip=False, symlinks=True)
code = "import sys; assert sys.prefix != sys.base_prefix; print(190)"
child = subprocess.run([f"{place}/bin/python", "-c", code], capture_output=True, text=True)
print(child.stdout, end="")
