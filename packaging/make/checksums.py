# SPDX-License-Identifier: Apache-2.0
"""checksums.py INTO: INTO/SHA256SUMS, of every package that lies there, as sha256sum -c reads it."""

import hashlib
import sys
from pathlib import Path

import common

NAME = "SHA256SUMS"


def packages_in(into):
    for path in sorted(into.iterdir()):
        if path.is_file() and path.name != NAME and not path.name.endswith(common.UNFINISHED):
            yield path


def main(into):
    into = Path(into)
    lines = []
    for path in packages_in(into):
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    unfinished = into / (NAME + common.UNFINISHED)
    unfinished.write_text("".join(lines))
    unfinished.replace(into / NAME)


if __name__ == "__main__":
    main(sys.argv[1])
