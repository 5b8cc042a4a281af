# SPDX-License-Identifier: Apache-2.0
"""What a static program holds of other people's work: read from the linker's map, because a link
line names more than is taken, and from the packages that the archives belong to."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# source package | licence of what is linked, as SPDX writes it. A library that is not here stops
# the build: somebody has to have read its licence.
LICENCES = {
    "glibc": "LGPL-2.1-or-later",
    "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libseccomp": "LGPL-2.1-only",
    "libcap2": "BSD-3-Clause OR GPL-2.0-only",
    "json-c": "MIT",
    "libevent": "BSD-3-Clause",
    "libmd": "BSD-3-Clause AND BSD-2-Clause AND ISC AND Beerware",
    "sqlite3": "blessing",
    "zlib": "Zlib",
}

# "/usr/lib/.../libcap.a(cap_alloc.o)" begins a line where a member was taken, "LOAD ....o" names
# what the compiler puts around every program.
TAKEN = re.compile(r"^(?:(/\S+\.a)\(|LOAD (/\S+\.o)$)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Library:
    """A package of which something is linked. `source` is without the number that gcc's has."""

    source: str
    package: str
    version: str
    source_version: str
    machine: str  # as the distribution calls it
    notices: Path  # its licences and copyrights

    @property
    def licence(self):
        try:
            return LICENCES[self.source]
        except KeyError:
            raise SystemExit(
                f"{self.package} is linked, and packaging/make/linked.py does not say under "
                f"which licence its source package {self.source} is"
            ) from None


def files_taken(map_file):
    text = map_file.read_text(errors="replace")
    # Symbolic links on the way are what a package manager does not know.
    return {Path(found[0] or found[1]).resolve() for found in TAKEN.findall(text)}


def source_name(name):
    """"gcc-12" and "gcc-12-cross" are gcc."""
    return re.sub(r"^(gcc)-\d.*$", r"\1", name)


def from_sysroot(path, sysroot):
    inside = f"/{path.relative_to(sysroot).as_posix()}"
    listed = sysroot.with_name(sysroot.name + ".packages")
    for line in listed.read_text().splitlines():
        name, package, version, source, source_version = line.split("\t")
        if name in (inside, inside.removeprefix("/usr")):
            notices = sysroot / "usr/share/doc" / package / "copyright"
            return Library(source_name(source), package, version, source_version, "arm64", notices)
    raise SystemExit(f"{path} is linked and of no package that {listed} knows")


def ask(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def owner_of(path):
    """Debian's files lie in /usr now, and its list may still have them in /lib."""
    for name in (str(path), str(path).removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0]
    raise SystemExit(f"{path} is linked and of no package of this host: dpkg-query -S knows none")


def from_host(path):
    owner = owner_of(path)
    form = "${Package}\t${Version}\t${source:Package}\t${source:Version}\t${Architecture}"
    package, version, source, source_version, machine = ask(
        "dpkg-query", "-W", "-f", form, owner
    ).split("\t")
    notices = Path("/usr/share/doc") / package / "copyright"
    return Library(source_name(source), package, version, source_version, machine, notices)


def libraries_of(map_file, sysroot, own):
    """The libraries of one program, one entry per package. What lies below `own` is ours."""
    found = set()
    for path in files_taken(map_file):
        if path.is_relative_to(sysroot):
            found.add(from_sysroot(path, sysroot))
        elif not path.is_relative_to(own):
            found.add(from_host(path))
    return sorted(found)
