# SPDX-License-Identifier: Apache-2.0
"""bundle.py WORK MACHINE INTO: the tree in WORK as an MCP bundle, cordon-VERSION-linux-MACHINE.mcpb.

A bundle is a zip file with a manifest at its top; the tree is its server/. What a server does not
need, pages and completions, is left out.
"""

import sys
import zipfile
from pathlib import Path

import common

LEFT_OUT = ("share/man/", "share/bash-completion/", "share/zsh/", "share/fish/")


def contents(tree):
    yield "manifest.json", common.filled("mcpb/manifest.json").encode(), 0o644
    yield "LICENSE", (common.SOURCE / "LICENSE").read_bytes(), 0o644
    for name in common.files_of(tree):
        path = tree / name
        # There are no links in it, and one name is enough: the manifest says "serve".
        if not path.is_symlink() and not name.startswith(LEFT_OUT):
            yield f"server/{name}", path.read_bytes(), common.mode_of(path)


def main(work, machine, into):
    target = Path(into) / f"cordon-{common.VERSION}-linux-{machine}.mcpb"
    unfinished = target.with_name(target.name + common.UNFINISHED)
    with zipfile.ZipFile(unfinished, "w") as archive:
        for name, data, mode in contents(Path(work) / "tree"):
            common.zip_add(archive, name, data, mode)
    unfinished.replace(target)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
