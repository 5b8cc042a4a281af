# SPDX-License-Identifier: Apache-2.0
"""tarball.py WORK MACHINE INTO: the tree in WORK as cordon-VERSION-linux-MACHINE.tar.gz in INTO, a
page that says what to do with it at its top, and its bill of materials beside it."""

import shutil
import sys
from pathlib import Path

import common

BILL = "share/doc/cordon/cordon.spdx.json"


def main(work, machine, into):
    top = f"cordon-{common.VERSION}-linux-{machine}"
    target = Path(into) / f"{top}.tar.gz"
    tree = Path(work) / "tree"
    shutil.copyfile(common.SOURCE / "packaging/tar/README.md", tree / "README.md")
    common.tar_gz_write(target, tree, top)
    (tree / "README.md").unlink()
    shutil.copyfile(tree / BILL, Path(into) / f"{top}.spdx.json")
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
