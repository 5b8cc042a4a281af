# SPDX-License-Identifier: Apache-2.0
"""What the tests of packages share: packaging/make as modules, and a tree as it is installed."""

import importlib
import json
import os
import shutil
import sys
from pathlib import Path

import support

MAKE = support.SOURCE / "packaging/make"
os.environ.setdefault("SOURCE_DATE_EPOCH", "1700000000")


def module(name):
    """packaging/make/NAME.py; its directory is asked first for no longer than that takes."""
    sys.path.insert(0, str(MAKE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(MAKE))


BILL = {"packages": [{"licenseDeclared": "Apache-2.0"}, {"licenseDeclared": "MIT OR ISC"}]}


def tree_at(place, build):
    """The programs under test as an installation at `place`, wherever they lie now."""
    cordon = build / "cordon"
    trusted = support.sandbox_of(cordon)
    policies = next(
        path
        for path in (build / "policies", build.parent / "share/cordon/policies")
        if path.is_dir()
    )
    for path, name in (
        (cordon, "bin/cordon"),
        (trusted, "libexec/cordon/cordon-sandbox"),
        (trusted.parent / "cordon-branch.so", "libexec/cordon/cordon-branch.so"),
        *((path, f"share/cordon/policies/{path.name}") for path in policies.glob("*.json")),
    ):
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (place / "bin/cordon-mcp").symlink_to("cordon")
    bill = place / "share/doc/cordon/cordon.spdx.json"
    bill.parent.mkdir(parents=True)
    bill.write_text(json.dumps(BILL))
    return Path(place)


def small_tree(place, mode=0o644, program_mode=0o755):
    """A tree with one file of each kind that a real one has, and nothing in it."""
    for name in ("share/doc/cordon/cordon.spdx.json", "libexec/cordon/cordon-branch.so"):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(BILL))
        path.chmod(mode)
    for name in ("bin/cordon", "libexec/cordon/cordon-sandbox"):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}\n")
        path.chmod(program_mode)
    (place / "bin/cordon-mcp").symlink_to("cordon")
    return place
