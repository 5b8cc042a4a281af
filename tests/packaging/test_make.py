# SPDX-License-Identifier: Apache-2.0
"""What packages are made of: the same bytes for the same tree, and every claim in them true."""

import base64
import csv
import hashlib
import io
import os
import re
import subprocess
import tarfile
import zipfile

import pytest

import making
import support

common, tarball, wheel = (making.module(name) for name in ("common", "tarball", "wheel"))
bundle, checksums, linked = (making.module(name) for name in ("bundle", "checksums", "linked"))
VERSION = (support.SOURCE / "VERSION").read_text().strip()


def two_trees(tmp_path):
    """The same tree made twice, in other directories, at other times, under another umask."""
    trees = []
    for name, mode, program_mode in (("a", 0o644, 0o755), ("somewhere/else", 0o664, 0o700)):
        work = tmp_path / name
        tree = making.small_tree(work / "tree", mode, program_mode)
        for path in tree.rglob("*"):
            os.utime(path, (len(trees) * 1000,) * 2, follow_symlinks=False)
        trees.append(work)
    return trees


@pytest.mark.parametrize("maker", [tarball, wheel, bundle])
def test_a_package_has_the_same_bytes_wherever_it_is_made(tmp_path, maker):
    made = []
    for work in two_trees(tmp_path):
        into = work / "into"
        into.mkdir()
        maker.main(work, "x86_64", into)
        made.append({path.name: path.read_bytes() for path in into.iterdir()})
    assert made[0] and made[0] == made[1]


def test_an_archive_has_what_the_tree_has_and_a_page_on_top(tmp_path):
    work = two_trees(tmp_path)[0]
    tarball.main(work, "x86_64", tmp_path)
    top = f"cordon-{VERSION}-linux-x86_64"
    with tarfile.open(tmp_path / f"{top}.tar.gz") as archive:
        members = {member.name: member for member in archive.getmembers()}
    assert all(name.startswith(f"{top}/") for name in members)
    assert members[f"{top}/bin/cordon-mcp"].linkname == "cordon"
    assert members[f"{top}/bin/cordon"].mode == 0o755
    assert members[f"{top}/README.md"].mode == 0o644
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {
        (0, 0, common.moment())
    }
    assert not (work / "tree/README.md").exists(), "the tree is made into other packages too"


def record_of(archive):
    name = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    return name, list(csv.reader(io.StringIO(archive.read(name).decode())))


def test_a_wheel_lists_every_file_with_its_sum(tmp_path):
    wheel.main(two_trees(tmp_path)[0], "x86_64", tmp_path)
    made = sorted(tmp_path.glob("*.whl"))
    assert len(made) == 2
    for path in made:
        with zipfile.ZipFile(path) as archive:
            record, lines = record_of(archive)
            assert [line[0] for line in lines] == archive.namelist()
            for name, digest, size in lines:
                if name != record:
                    data = archive.read(name)
                    said = base64.urlsafe_b64decode(digest.removeprefix("sha256=") + "=")
                    assert (hashlib.sha256(data).digest(), len(data)) == (said, int(size))


def test_a_wheel_says_which_machines_its_name_says(tmp_path):
    wheel.main(two_trees(tmp_path)[0], "aarch64", tmp_path)
    for path in tmp_path.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            text = archive.read(f"cordon_mcp-{VERSION}.dist-info/WHEEL").decode()
            musl = "musllinux" in path.name
            branch = [name for name in archive.namelist() if name.endswith("cordon-branch.so")]
        tags = re.findall(r"^Tag: py3-none-(.*)$", text, re.MULTILINE)
        assert ".".join(tags) == path.name.removesuffix(".whl").split("-", 4)[-1]
        assert all(tag.endswith("_aarch64") for tag in tags)
        assert len(branch) == (0 if musl else 1), "an object for glibc is only where there is one"


def test_a_wheel_names_the_licences_of_what_is_linked():
    assert wheel.licences_of(making.BILL) == "Apache-2.0 AND (MIT OR ISC)"


def test_a_wheel_claims_no_glibc_older_than_what_it_asks_for(tmp_path):
    tree = making.small_tree(tmp_path)
    branch = tree / wheel.GLIBC_ONLY
    branch.write_bytes(b"...GLIBC_2.2.5\0GLIBC_2.38\0GLIBC_2.4\0GLIBC_PRIVATE\0")
    assert wheel.platforms_of(tree, "x86_64")[0] == ["manylinux_2_38_x86_64"]
    branch.write_bytes(b"...GLIBC_2.2.5\0")
    assert wheel.platforms_of(tree, "x86_64")[0] == [
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
    ]


def test_sums_are_what_sha256sum_reads_and_leave_out_what_is_unfinished(tmp_path):
    (tmp_path / "a.tar.gz").write_text("one")
    (tmp_path / "b.whl").write_text("two")
    (tmp_path / f"c.whl{common.UNFINISHED}").write_text("half")
    (tmp_path / "work").mkdir()
    checksums.main(tmp_path)
    checksums.main(tmp_path)  # its own list is not in it
    told = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True
    )
    assert told.stdout.splitlines() == ["a.tar.gz: OK", "b.whl: OK"]


def sysroot_with(tmp_path, source):
    """A library for another machine, and a map in which something of it was taken."""
    sysroot, own = tmp_path / "sysroot", tmp_path / "own"
    for directory in (sysroot / "usr/lib", own):
        directory.mkdir(parents=True)
    (sysroot / "usr/lib/libthing.a").touch()
    (sysroot / "usr/lib/libother.a").touch()
    row = ("/usr/lib/libthing.a", "libthing-dev", "1:2.3-4", source, "2.3-4")
    (tmp_path / "sysroot.packages").write_text("\t".join(row) + "\n")
    text = f"{sysroot}/usr/lib/libthing.a(a.o)\n    main.o (thing)\n{own}/libfront.a(b.o)\n"
    (tmp_path / "map").write_text(text + f"LOAD {sysroot}/usr/lib/libother.a\n")
    return tmp_path / "map", sysroot, own


def test_what_is_linked_is_what_the_linker_took(tmp_path):
    found = linked.libraries_of(*sysroot_with(tmp_path, "zlib"))
    assert [(each.package, each.version, each.licence) for each in found] == [
        ("libthing-dev", "1:2.3-4", "Zlib")
    ], "and neither our own parts nor what was only named"


def test_a_library_whose_licence_nobody_read_stops_the_build(tmp_path):
    found = linked.libraries_of(*sysroot_with(tmp_path, "closed-thing"))
    with pytest.raises(SystemExit, match="libthing-dev is linked.*closed-thing"):
        print(found[0].licence)


def test_a_library_of_no_package_stops_the_build(tmp_path):
    where, sysroot, own = sysroot_with(tmp_path, "zlib")
    (tmp_path / "sysroot.packages").write_text("")
    with pytest.raises(SystemExit, match="libthing.a is linked and of no package"):
        linked.libraries_of(where, sysroot, own)
