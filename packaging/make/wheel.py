# SPDX-License-Identifier: Apache-2.0
"""wheel.py WORK MACHINE INTO: the tree in WORK as the wheels of `cordon-mcp` for that machine.

The programs are scripts and the rest is data of the wheel, which an installer puts where the tree
has them: bin/ and, beside it, libexec/ and share/. Nothing is imported and nothing is generated at
installation. A zip file has no links: cordon-mcp is a second copy of cordon.
"""

import base64
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import common

NAME = "cordon_mcp"
STEM = f"{NAME}-{common.VERSION}"

BILL = "share/doc/cordon/cordon.spdx.json"

# What a static program asks of a C library is nothing. The one thing that an interpreter loads
# into its own is linked with glibc: on musl it is left out, and runs do without ("start": "fork").
GLIBC_ONLY = "libexec/cordon/cordon-branch.so"
GLIBC_OLDEST = (2, 17)  # the oldest that a tag of today is for; PyPI calls it manylinux2014 too

# As long as PyPI wants one line to be.
SUMMARY = "An MCP server and a command that run untrusted Python in a box, without containers"

METADATA = (
    ("Metadata-Version", "2.4"),
    ("Name", "cordon-mcp"),
    ("Version", common.VERSION),
    ("Summary", SUMMARY),
    ("Keywords", "mcp,sandbox,seccomp,landlock,uv"),
    ("Classifier", "Development Status :: 4 - Beta"),
    ("Classifier", "Environment :: Console"),
    ("Classifier", "Operating System :: POSIX :: Linux"),
    ("Classifier", "Programming Language :: C"),
    ("Classifier", "Topic :: Security"),
    ("License-File", "LICENSE"),
    ("Provides-Extra", "uv"),
    ("Requires-Dist", 'uv>=0.5; extra == "uv"'),
    ("Description-Content-Type", "text/markdown"),
)


def place_of(name):
    """Where a file of the tree lies in the wheel."""
    if name.startswith("bin/"):
        return f"{STEM}.data/scripts/{name.removeprefix('bin/')}"
    return f"{STEM}.data/data/{name}"


def licences_of(bill):
    """Of cordon and of what is linked into it, as one expression."""
    each = {one for package in bill["packages"] for one in package["licenseDeclared"].split(" AND ")}
    return " AND ".join(f"({one})" if " OR " in one else one for one in sorted(each))


def metadata_of(bill):
    fields = [*METADATA, ("License-Expression", licences_of(bill))]
    described = common.filled("wheel/description.md")
    return "".join(f"{key}: {value}\n" for key, value in fields) + "\n" + described


def contents(tree, musl):
    """(name in the wheel, bytes, mode), what describes it last, as installers like it."""
    for name in common.files_of(tree):
        if not (musl and name == GLIBC_ONLY):
            path = tree / name
            yield place_of(name), path.read_bytes(), common.mode_of(path.resolve())
    bill = (tree / BILL).read_bytes()
    yield f"{STEM}.dist-info/licenses/LICENSE", (common.SOURCE / "LICENSE").read_bytes(), 0o644
    yield f"{STEM}.dist-info/sboms/{Path(BILL).name}", bill, 0o644
    yield f"{STEM}.dist-info/METADATA", metadata_of(json.loads(bill)).encode(), 0o644


def tags_file(platforms):
    lines = ["Wheel-Version: 1.0", f"Generator: cordon {common.VERSION}", "Root-Is-Purelib: false"]
    lines += [f"Tag: py3-none-{platform}" for platform in platforms]
    return ("\n".join(lines) + "\n").encode()


def record_line(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def wheel_write(tree, platforms, into):
    target = into / f"{STEM}-py3-none-{'.'.join(platforms)}.whl"
    unfinished = target.with_name(target.name + common.UNFINISHED)
    record = f"{STEM}.dist-info/RECORD"
    lines = []
    with zipfile.ZipFile(unfinished, "w") as archive:
        described = (f"{STEM}.dist-info/WHEEL", tags_file(platforms), 0o644)
        musl = platforms[0].startswith("musl")
        for name, data, mode in [*contents(tree, musl), described]:
            common.zip_add(archive, name, data, mode)
            lines.append(record_line(name, data))
        common.zip_add(archive, record, ("".join(lines) + f"{record},,\n").encode(), 0o644)
    unfinished.replace(target)
    return target


def glibc_needed(data):
    """The newest version of a symbol that an ELF file asks of glibc: what its tag must say."""
    found = re.findall(rb"GLIBC_(\d+)\.(\d+)", data)
    return max([GLIBC_OLDEST, *((int(major), int(minor)) for major, minor in found)])


def platforms_of(tree, machine):
    """What each wheel is for, as installers ask for it."""
    major, minor = glibc_needed((tree / GLIBC_ONLY).read_bytes())
    glibc = [f"manylinux_{major}_{minor}_{machine}"]
    if (major, minor) == GLIBC_OLDEST:
        glibc.append(f"manylinux2014_{machine}")
    return glibc, [f"musllinux_1_2_{machine}"]


def main(work, machine, into):
    tree = Path(work) / "tree"
    for platforms in platforms_of(tree, machine):
        print(wheel_write(tree, platforms, Path(into)))


if __name__ == "__main__":
    main(*sys.argv[1:])
