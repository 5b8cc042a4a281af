#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are rows of sandbox/infer_table.c facts? Whoever adds some asks for these, by name.

    tests/verify_infer_table.py IMPORT...   the newest wheel of each one's project has the module
    tests/verify_infer_table.py --here      the same of the packages of this interpreter, no network

CORDON_UV, else uv on PATH, fetches them; nothing of them runs.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TABLE = Path(__file__).parent.parent / "sandbox/infer_table.c"
ROW = re.compile(r'^    (?:SAME\("(\w+)"\)|\{ "([\w.]+)", "([^"]+)", (?:NULL|"([^"]*)") \}),$', re.M)


def rows():
    """import -> the projects that have it, the one that is installed first."""
    found = {}
    for same, name, project, others in ROW.findall(TABLE.read_text()):
        found[same or name] = [project or same, *others.split()]
    return found


def normal(project):
    return re.sub(r"[-_.]+", "-", project).lower()


def has_module(directory, name):
    """Can it be imported from there?"""
    path = Path(directory, *name.split("."))
    files = [*path.parent.glob(f"{path.name}.py"), *path.parent.glob(f"{path.name}.*so")]
    return path.is_dir() or bool(files)


def fetched_has(project, name):
    with tempfile.TemporaryDirectory() as directory:
        uv = os.environ.get("CORDON_UV", "uv")
        words = [uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*words, "--target", directory, "--", project], check=True)
        return has_module(directory, name)


def wrong_here():
    """Lines about rows that the packages of this interpreter contradict, and how many were judged."""
    table, lines, judged = rows(), [], 0
    for module, projects in importlib.metadata.packages_distributions().items():
        if module not in table:
            continue
        judged += 1
        known = {normal(project) for project in table[module]}
        if not known & {normal(project) for project in projects}:
            lines.append(f"{module}: here it is of {projects}, and the table says {table[module]}")
    return lines, judged


def main(names):
    table, status = rows(), 0
    if names == ["--here"]:
        lines, judged = wrong_here()
        print(*lines, f"{judged} rows judged", sep="\n")
        return 1 if lines else 0
    if not names:
        print(__doc__)
        return 2
    for name in names:
        good = name in table and fetched_has(table[name][0], name)
        print(f"{name}: {table[name][0] if name in table else 'no row'}: {'yes' if good else 'NO'}")
        status |= not good
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
