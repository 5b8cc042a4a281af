# SPDX-License-Identifier: Apache-2.0
"""Counts the words of the text files in its workspace and writes the result there.

cordon run --directory DIR examples/words.py
"""

import collections
from pathlib import Path

words = collections.Counter()
for path in sorted(Path.cwd().glob("*.txt")):
    words.update(path.read_text(errors="replace").lower().split())
report = "\n".join(f"{count:6} {word}" for word, count in words.most_common(20))
Path("words.out").write_text(report + "\n")
print(report)
