# SPDX-License-Identifier: Apache-2.0
import os
import tempfile

with tempfile.TemporaryDirectory() as directory, tempfile.NamedTemporaryFile(dir=directory) as file:
    file.write(b"x" * 190)
    file.flush()
    print(os.path.getsize(file.name))
