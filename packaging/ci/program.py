# SPDX-License-Identifier: Apache-2.0
"""Where cordon comes from: a program that is there, or an archive whose SHA-256 is known beforehand."""

import hashlib
import os
import platform
import re
import tarfile
import urllib.error
import urllib.request

from inputs import Wrong

ADDRESS = re.compile(r"https?://")
ARCHIVE_MAX = 256 << 20
TRIES = 3
SECONDS = 60
HERE = os.path.dirname(os.path.abspath(__file__))


def pinned():
    """The release that this step was published with: (file name, SHA-256) of this machine, or None.
    Lines as sha256sum writes them, in the file `pinned`."""
    machine = platform.machine()
    try:
        with open(os.path.join(HERE, "pinned"), encoding="utf-8") as file:
            rows = [line.split() for line in file if not line.startswith("#")]
    except FileNotFoundError:
        rows = []
    for row in rows:
        if len(row) == 2 and row[1].endswith(f"-linux-{machine}.tar.gz"):
            return row[1], row[0]
    return None


def source(inputs, runner):
    """(where it is, its SHA-256)."""
    if bool(inputs.archive) != bool(inputs.sha256):
        raise Wrong("archive and sha256 belong together: the one says where, the other what it must be")
    if inputs.archive:
        if not re.fullmatch(r"[0-9a-f]{64}", inputs.sha256):
            raise Wrong("sha256 is 64 hexadecimal digits")
        where = inputs.archive
        if not ADDRESS.match(where):
            where = os.path.join(inputs.workspace, where)
        return where, inputs.sha256
    found, base = pinned(), runner.releases
    if not found or not base:
        raise Wrong(
            f"no release for {platform.machine()} is pinned here: give archive and sha256 (a line of"
            " its SHA256SUMS), or program"
        )
    name, digest = found
    version = name[len("cordon-") :].partition("-linux-")[0]
    return f"{base}/v{version}/{name}", digest


def fetch(where, target):
    """The file, or what that address answers, whole. Its digest is judged afterwards."""
    if not ADDRESS.match(where):
        where = "file://" + urllib.request.pathname2url(where)
    with urllib.request.urlopen(where, timeout=SECONDS) as answer, open(target, "wb") as file:
        size = 0
        digest = hashlib.sha256()
        while piece := answer.read(1 << 20):
            size += len(piece)
            if size > ARCHIVE_MAX:
                raise Wrong(f"{where} is larger than {ARCHIVE_MAX >> 20} MiB, and so not cordon")
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def fetch_verified(where, digest, target):
    for left in reversed(range(TRIES)):
        try:
            got = fetch(where, target)
            break
        except (OSError, urllib.error.URLError) as error:
            if not left or not where.startswith("http"):
                raise Wrong(f"cordon could not be fetched from {where}: {error}") from None
    if got != digest:
        os.remove(target)
        raise Wrong(f"{where} is not what was pinned: its SHA-256 is {got}, not {digest}")


def unpack(path, into):
    with tarfile.open(path) as archive:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(into, **safe)
    for top in os.listdir(into):
        cordon = os.path.join(into, top, "bin", "cordon")
        if os.path.exists(cordon):
            return cordon
    raise Wrong("the archive has no bin/cordon")


def find(inputs, runner, work):
    """The program's path."""
    if inputs.program:
        if not os.path.isabs(inputs.program) or not os.access(inputs.program, os.X_OK):
            raise Wrong(f"program: {inputs.program} is no program; name it from / on")
        return inputs.program
    archive, into = os.path.join(work, "cordon.tar.gz"), os.path.join(work, "program")
    fetch_verified(*source(inputs, runner), archive)
    os.mkdir(into)
    return unpack(archive, into)
