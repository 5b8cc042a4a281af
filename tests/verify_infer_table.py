#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are rows of sandbox/infer_table.c facts? Whoever adds some asks for these, by name.

    tests/verify_infer_table.py IMPORT...   the newest wheel of each one's project has the module
    tests/verify_infer_table.py --in DIR... the same of what is installed in these directories
                                            (.../site-packages), no network
    tests/verify_infer_table.py --here      and in this interpreter's

CORDON_UV, else uv on PATH, fetches wheels, one after the other and each once; nothing of them runs.
The last line says how many rows were verified; those before it name what was not as the table says.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "sandbox/infer_table.c"
ROW = re.compile(r'^    (?:SAME\("(\w+)"\)|\{ "([\w.]+)", "([^"]+)", (?:NULL|"([^"]*)") \}),$', re.M)

# Rows that are true and have no wheel: for them the sentence about "builds" is the answer.
SOURCE_ONLY = {"odf"}


def rows():
    """import -> the projects that have it, the one that is installed first."""
    found = {}
    for same, name, project, others in ROW.findall(TABLE.read_text()):
        found[same or name] = [project or same, *others.split()]
    return found


def normal(project):
    return re.sub(r"[-_.]+", "-", project).lower()


def modules(distribution):
    """What it lets people import: each package, and each module in one, with its dots."""
    found = set()
    for file in distribution.files or ():
        parts = list(file.parts)
        if parts[0].endswith((".dist-info", ".data")) or ".." in parts:
            continue
        name, suffix = parts.pop().split(".", 1) if "." in parts[-1] else (parts[-1], "")
        if suffix.split(".")[-1] in ("py", "so") and name != "__init__":
            parts.append(name)
        found.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return found


def judge(directories):
    """The imports that are as the table says, and lines about those that are not."""
    table, good, lines = rows(), set(), []
    for distribution in importlib.metadata.distributions(path=[str(path) for path in directories]):
        project = normal(distribution.metadata["Name"] or "")
        for module in modules(distribution) & table.keys():
            if project in map(normal, table[module]):
                good.add(module)
            else:
                lines.append(f"{module}: here it is of {project}, and the table says {table[module]}")
    # What several projects have, such as a name space, is verified where one is the right one.
    return good, [line for line in lines if line.split(":")[0] not in good]


def fetch(project, directory):
    words = [os.environ.get("CORDON_UV", "uv"), "pip", "install", "--quiet", "--no-deps"]
    words += ["--only-binary", ":all:", "--target", directory, "--", project]
    return subprocess.run(words).returncode == 0


def verify(name, table):
    """A line where the row is not as it says, or None."""
    if name not in table:
        return f"{name}: no row"
    with tempfile.TemporaryDirectory() as directory:
        if not fetch(table[name][0], directory):
            return f"{name}: {table[name][0]} has no wheel"
        if name not in judge([directory])[0]:
            return f"{name}: the newest wheel of {table[name][0]} has no such module"
    return None


def main(words):
    if not words:
        print(__doc__)
        return 2
    table = rows()
    if words == ["--here"]:
        words = ["--in", sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    if words[0] == "--in":
        good, lines = judge(words[1:])
        count = len(table)
    else:
        names = [name for name in words if name not in SOURCE_ONLY]
        lines = [line for line in (verify(name, table) for name in names) if line]
        good, count = names[len(lines) :], len(names)
    skipped = [f"{name}: only a source distribution" for name in words if name in SOURCE_ONLY]
    print(*lines, *skipped, f"{len(good)} of {count} verified", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
