# SPDX-License-Identifier: Apache-2.0
import glob
import os
import pathlib
import tempfile

top = pathlib.Path(tempfile.mkdtemp())
for n in range(19):
    (top / str(n) / "below").mkdir(parents=True)
    (top / str(n) / "below" / "file.txt").write_text("x" * 10)
assert len(glob.glob(f"{top}/**/*.txt", recursive=True)) == len(list(top.rglob("*.txt"))) == 19
assert len(list(os.scandir(top))) == 19
print(sum(len(files) * 10 for _, _, files in os.walk(top)))
