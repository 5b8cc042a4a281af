# SPDX-License-Identifier: Apache-2.0
"""What every package shares: the version, the one moment, and archives whose bytes depend on
nothing but what is in them."""

import gzip
import os
import stat
import tarfile
import time
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
VERSION = (SOURCE / "VERSION").read_text().strip()

# Read in the middle of a rename by nobody: a package is written under this name and then moved.
UNFINISHED = ".unfinished"

# Whose name the MCP registry knows this server under: reversed DNS of something that who publishes
# it owns. What stands here without one can be owned by nobody.
NAMESPACE = os.environ.get("CORDON_NAMESPACE", "invalid.cordon")


def moment():
    """Seconds since 1970 that every file in a package is dated with."""
    return int(os.environ["SOURCE_DATE_EPOCH"])


def files_of(tree):
    """Every file and link below `tree`, as relative paths in one order everywhere."""
    found = (path for path in tree.rglob("*") if path.is_symlink() or path.is_file())
    return sorted(path.relative_to(tree).as_posix() for path in found)


def mode_of(path):
    """Of the bits that this checkout's umask gave a file, only one says something."""
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644


def tar_member(path, name):
    member = tarfile.TarInfo(name)
    member.mtime = moment()
    if path.is_symlink():
        member.type = tarfile.SYMTYPE
        member.linkname = os.readlink(path)
        member.mode = 0o777
    else:
        member.size = path.stat().st_size
        member.mode = mode_of(path)
    return member


def tar_gz_write(target, tree, top):
    """`tree` as the directory `top` of a compressed archive: sorted, owned by root, dated once."""
    unfinished = target.with_name(target.name + UNFINISHED)
    with (
        open(unfinished, "wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in files_of(tree):
            path = tree / name
            member = tar_member(path, f"{top}/{name}")
            if member.issym():
                archive.addfile(member)
            else:
                with open(path, "rb") as data:
                    archive.addfile(member, data)
    unfinished.replace(target)


def filled(name):
    """A text of packaging/ with what it leaves open: there is one place for each of these."""
    text = (SOURCE / "packaging" / name).read_text()
    return text.replace("@VERSION@", VERSION).replace("@NAMESPACE@", NAMESPACE)


def zip_add(archive, name, data, mode):
    """One file, dated with the one moment (zip knows no year before 1980), its mode kept."""
    entry = zipfile.ZipInfo(name, time.gmtime(moment())[:6])
    entry.create_system = 3  # Unix: external_attr is a mode
    entry.external_attr = (stat.S_IFREG | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data, compresslevel=9)
