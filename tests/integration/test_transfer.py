# SPDX-License-Identifier: Apache-2.0
"""Environments carried to a host that reaches no index: cordon env export and import."""

import hashlib
import os
import stat

import package_index
import pytest


@pytest.fixture
def index():
    packages = package_index.wheel("alpha", requires=["beta"]), package_index.wheel("beta", "1.5")
    with package_index.serving(*packages) as index:
        yield index


@pytest.fixture
def here(run, tmp_path, index):
    """here(*WORDS): cordon where there is an index."""
    return lambda *words, **more: run("--state", tmp_path / "here", *words, env=index.env, **more)


@pytest.fixture
def there(run, tmp_path, index):
    """The same elsewhere: another state, and the same settings (they are part of a key)."""
    return lambda *words, **more: run("--state", tmp_path / "there", *words, env=index.env, **more)


@pytest.fixture
def archive(here, tmp_path):
    key = here("env", "make", "--with", "alpha").out.split()[0]
    exported = here("env", "export", key[:12], tmp_path / "archive")
    assert exported.out == f"{key}  exported\n", exported.err
    return tmp_path / "archive"


CODE = "import alpha, beta; print(alpha.version, beta.version)"


def test_what_was_exported_runs_where_there_is_no_index(archive, there, index, tmp_path):
    index.close()
    assert there("run", "--offline", "--with", "alpha", "-c", CODE).exit == 125
    imported = there("env", "import", archive)
    assert imported.out.endswith("  imported\n"), imported.err
    result = there("run", "--offline", "--with", "alpha", "--json", "-c", CODE).json()
    assert result["stdout"] == "1.0 1.5\n", result
    assert result["environment"]["cached"] is True
    assert result["installed"] == ["alpha==1.0", "beta==1.5"]
    assert there("env", "import", archive).out.endswith("  was there\n")


def test_what_was_imported_belongs_to_cordon_and_cannot_be_written(archive, there, tmp_path):
    there("env", "import", archive)
    top = tmp_path / "there/gate/environments/local"
    for path in top.rglob("*"):
        state = path.lstat()
        assert state.st_uid == os.getuid()
        if not path.is_symlink():
            assert not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID)
    code = "import alpha; open(alpha.__file__, 'a')"
    refused = there("run", "--offline", "--with", "alpha", "-c", code)
    assert refused.exit == 1 and "Error" in refused.err


def test_environments_of_headers_and_projects_travel_too(here, there, workspace, tmp_path):
    script = "# /// script\n# dependencies = ['alpha']\n# ///\n" + CODE
    (workspace / "pyproject.toml").write_text("[project]\nname = 'a'\ndependencies = ['alpha<2']\n")
    for number, words in enumerate((("-c", script), ("--directory", workspace, "-c", CODE))):
        key = here("run", "--json", *words).json()["environment"]["key"]
        file = tmp_path / str(number)
        assert here("env", "export", key, file).exit == 0
        assert there("run", "--offline", *words).exit == 125
        assert there("env", "import", file).exit == 0
        assert there("run", "--offline", *words).out == "1.0 1.5\n"


def changed(archive, old, new):
    """The archive with a line changed and its checksum made right again."""
    whole = archive.read_bytes()
    body = whole[: whole.rindex(b"end ")]
    assert old in body
    body = body.replace(old, new, 1)
    archive.write_bytes(body + b"end " + hashlib.sha256(body).hexdigest().encode() + b"\n")


@pytest.mark.parametrize(
    "old, new, why",
    [
        (b"lib/python3", b"../../../3x", "a path that leads elsewhere"),
        (b"f - 5 0\n.lock", b"f - 5 0\n/lock", "a path that leads elsewhere"),
        (b"f - 5 0\n.lock", b"l - 5 0\n.lock", "not as agreed"),
        (b"machine Linux ", b"machine Hurdo ", "it was made on Hurdo"),
        (b"\npython 3", b"\npython /", "version of Python"),
        (b"\npython 3.", b"\npython 2.", "python 2."),
        (b"requirement alpha", b"requirement -r/a/", "requirement"),
        (b"cordon-environment-archive 1", b"cordon-environment-archive 9", "not an archive"),
    ],
)
def test_hostile_archives_are_refused_and_leave_nothing(archive, there, tmp_path, old, new, why):
    changed(archive, old, new)
    refused = there("env", "import", archive)
    assert refused.exit == 125 and why in refused.err, refused.err
    assert len(refused.err.splitlines()) == 1
    top = tmp_path / "there/gate/environments/local"
    assert not top.exists() or [path.name for path in top.iterdir()] == []
    assert not list(tmp_path.glob("**/3x*"))


def test_damaged_archives_are_refused(archive, there, tmp_path):
    whole = archive.read_bytes()
    for damaged in (whole[:-70], whole[: len(whole) // 2], whole + b"x", whole.replace(b"1.5", b"6.6"), b""):
        archive.write_bytes(damaged)
        refused = there("env", "import", archive)
        assert refused.exit == 125 and len(refused.err.splitlines()) == 1, refused.err
    assert there("run", "--offline", "--with", "alpha", "-c", CODE).exit == 125


def test_a_damaged_archive_of_what_is_there_is_refused_too(archive, there):
    assert there("env", "import", archive).exit == 0
    whole = archive.read_bytes()
    for damaged in (whole[:-70], whole[: len(whole) // 2], whole + b"x", whole.replace(b"1.5", b"6.6")):
        archive.write_bytes(damaged)
        refused = there("env", "import", archive)
        assert (refused.exit, refused.out) == (125, ""), refused
    assert there("run", "--offline", "--with", "alpha", "-c", CODE).out == "1.0 1.5\n"


def test_words_that_cannot_be(here, archive, tmp_path):
    for words, why in (
        (("export",), "takes a key"),
        (("export", "ffff", tmp_path / "x"), "no environment"),
        (("export", "../x", tmp_path / "x"), "not a key"),
        (("export", "", tmp_path / "x"), "not a key"),
        (("import",), "takes the file"),
        (("import", tmp_path / "nowhere"), "No such file"),
        (("import", tmp_path), "not an archive"),
    ):
        refused = here("env", *words)
        assert refused.exit == 125 and why in refused.err, refused.err
        assert len(refused.err.splitlines()) == 1
    key = here("env", "list").out.splitlines()[1].split()[0]
    again = here("env", "export", key, archive)
    assert again.exit == 125 and "is there already: export makes a new file" in again.err


@pytest.fixture
def with_uv(run, tmp_path, index):
    """with_uv(PATH, *WORDS): the same elsewhere, with another uv."""
    return lambda uv, *words: run(
        "--state", tmp_path / "there", *words, env={**index.env, "CORDON_UV": str(uv)}
    )


def test_what_was_imported_runs_without_uv(archive, with_uv, there):
    words = ("run", "--with", "alpha", "-c", CODE)
    assert with_uv("/no/uv", *words).exit == 125
    assert with_uv("/no/uv", "env", "import", archive).exit == 0
    for words in (words, ("run", "--offline", *words[1:])):
        result = with_uv("/no/uv", *words)
        assert (result.out, result.exit) == ("1.0 1.5\n", 0), result.err
    assert there("run", "--offline", *words[2:]).out == "1.0 1.5\n"
    missing = with_uv("/no/uv", "run", "--with", "beta", "-c", CODE)
    assert missing.exit == 125 and "CORDON_UV names /no/uv" in missing.err


def test_offline_takes_what_another_uv_made(archive, there, with_uv, at_home):
    assert there("env", "import", archive).exit == 0
    other = at_home / "uv"
    other.write_text("#!/bin/sh\necho uv 0.99.0\n")
    other.chmod(0o755)
    result = with_uv(other, "run", "--offline", "--with", "alpha", "-c", CODE)
    assert (result.out, result.exit) == ("1.0 1.5\n", 0), result.err


def test_offline_says_what_is_missing_and_how_to_have_it(there):
    result = there("run", "--offline", "--with", "beta>1", "-c", CODE)
    assert result.exit == 125
    assert "no environment with beta>1 yet" in result.err and "cordon env make" in result.err
