# SPDX-License-Identifier: Apache-2.0
"""The programs under test, put into a package and installed from it as their users do."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

import making
import support
from test_words import asked, manifest

wheel, bundle = making.module("wheel"), making.module("bundle")


@pytest.fixture
def work(cordon, tmp_path):
    making.tree_at(tmp_path / "work/tree", cordon.parent)
    return tmp_path / "work"


def run(words, **more):
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        env=support.clean_environment(),
        timeout=300,
        **more,
    )


def test_a_wheel_installs_a_server_and_a_runner(work, tmp_path):
    wheel.main(work, os.uname().machine, tmp_path)
    made = next(tmp_path.glob("*manylinux*.whl"))
    uv = os.environ["CORDON_UV"]
    venv = tmp_path / "venv"
    for words in (
        [uv, "venv", "--offline", "--python", sys.executable, venv],
        [uv, "pip", "install", "--offline", "--python", venv / "bin/python", made],
    ):
        told = run(words)
        assert told.returncode == 0, told.stderr
    state = tmp_path / "state"
    told = run([venv / "bin/cordon", "run", "--state", state, "--no-uv", "-c", "print(6 * 7)"])
    assert (told.stdout, told.returncode) == ("42\n", 0), told.stderr
    hello = asked([str(venv / "bin/cordon-mcp")], state)[0]
    assert hello["serverInfo"]["version"] == (support.SOURCE / "VERSION").read_text().strip()


def test_uv_is_found_where_it_was_installed_with_the_runner(work, tmp_path):
    """By pip install 'cordon-mcp[uv]', and by a client that knows nothing of that directory."""
    words = [work / "tree/bin/cordon", "run", "--state", tmp_path / "state", "--offline"]
    words += ["--with", "no-such-thing", "-c", "print(1)"]
    bare = {"HOME": str(tmp_path), "PATH": "/nonexistent", "LANG": "C.UTF-8"}

    def told():
        ran = subprocess.run(list(map(str, words)), capture_output=True, text=True, env=bare)
        return ran.stderr

    if "uv is not found" not in told():
        pytest.skip("this host has a uv in a place of its own")
    shutil.copy(os.environ["CORDON_UV"], work / "tree/bin/uv")
    assert "no-such-thing" in told() and "uv is not found" not in told()


def unpacked(bundle_path, into):
    """As a client unpacks one: the modes of its entries are the modes of the files."""
    with zipfile.ZipFile(bundle_path) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, into)
            os.chmod(path, entry.external_attr >> 16 & 0o777)


def test_a_bundle_starts_as_its_manifest_says(work, tmp_path):
    bundle.main(work, "x86_64", tmp_path)
    here = tmp_path / "unpacked"
    unpacked(next(tmp_path.glob("*.mcpb")), here)
    told = manifest()["server"]["mcp_config"]
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    words = [
        word.replace("${__dirname}", str(here)).replace("${user_config.directory}", str(chosen))
        for word in [told["command"], *told["args"]]
    ]
    hello = asked(words, tmp_path / "state")[0]
    assert hello["serverInfo"]["name"] == "cordon"
