# SPDX-License-Identifier: Apache-2.0
"""An upgrade under a server that runs: its files are replaced, as a package manager does, and what it
serves goes on."""

import os
import shutil
from pathlib import Path

import pytest

import support

TOOL = "py_run_script_with_dependencies"


@pytest.fixture
def installed(cordon, tmp_path):
    """A copy of the installation, or of what counts as one in a build tree, that may be replaced."""
    sandbox = Path(support.sandbox_of(cordon))
    tree = Path(os.path.commonpath([cordon, sandbox]))
    tree = tree if tree.is_dir() else tree.parent
    files = [Path(cordon), sandbox, sandbox.with_name("cordon-branch.so")]
    into = tmp_path / "installed"
    for file in files:
        target = into / file.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    policies = "policies" if sandbox.parent == Path(cordon).parent else "share/cordon/policies"
    shutil.copytree(tree / policies, into / policies)
    return [into / file.relative_to(tree) for file in files]


def replace(files):
    """Others of the same name, and nothing that has the old ones open notices."""
    for file in files:
        new = file.with_name(file.name + ".new")
        shutil.copy(file, new)
        new.replace(file)


def test_a_server_outlives_its_files(installed, tmp_path):
    environment = support.clean_environment(
        CORDON_STATE=str(tmp_path / "state"), ASAN_OPTIONS="detect_leaks=0"
    )
    client = support.RawClient([str(installed[0]), "serve"], environment, tmp_path)
    try:
        client.initialize()
        replace(installed)
        # Nothing was ever tried on this state: the walls are tested by the program that is gone.
        arguments = {"script_content": "print(6 * 7)"}
        for number in ("first", "second"):
            reply = client.request(number, "tools/call", name=TOOL, arguments=arguments)
            result = reply["result"]["structuredContent"]
            assert (result["exit_code"], result["stdout"]) == (0, "42\n"), result["error"]
        left = [name for name in os.listdir(tmp_path / "state/gate") if name.startswith("witness")]
        assert left == []
        assert client.close() == 0
    finally:
        client.process.kill()
        client.process.wait()
