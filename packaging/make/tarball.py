# SPDX-License-Identifier: Apache-2.0
"""tarball.py WORK MACHINE INTO: the tree in WORK as cordon-VERSION-linux-MACHINE.tar.gz in INTO."""

import sys
from pathlib import Path

import common


def main(work, machine, into):
    top = f"cordon-{common.VERSION}-linux-{machine}"
    target = Path(into) / f"{top}.tar.gz"
    common.tar_gz_write(target, Path(work) / "tree", top)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
