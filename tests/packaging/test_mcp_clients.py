# SPDX-License-Identifier: Apache-2.0
"""Clients themselves read what `cordon mcp config` wrote, and two of them start the server
(./dev test --full: they are fetched from npm)."""

import os
import re
import shutil
import subprocess

import pytest
import support

pytestmark = pytest.mark.skipif("FULL" not in os.environ, reason="clients are fetched: ./dev test --full")

# Client, npm's package, its program there (without what it would do when it is installed), and how its
# list of servers says that ours is there.
CLIENTS = {
    "claude-code": (
        "@anthropic-ai/claude-code@2.1.197",
        "@anthropic-ai/claude-code-linux-*/claude",
        r"cordon: \S+/cordon serve .*Connected",
    ),
    "gemini": ("@google/gemini-cli@0.61.0", ".bin/gemini", r"cordon: \S+/cordon serve .*Connected"),
    "codex": ("@openai/codex@0.169.0", ".bin/codex", r"cordon +\S+/cordon +serve --root \S+ .*enabled"),
}
# What somebody had there before.
BEFORE = {
    "claude-code": (".claude.json", '{"numStartups": 3}'),
    "gemini": (
        ".gemini/settings.json",
        '// mine\n{\n  "security": { "folderTrust": { "enabled": false } }, // asks nothing\n}\n',
    ),
    "codex": (".codex/config.toml", '# mine\nmodel = "some"\n'),
}


def fetch(package, into):
    """npm's own way, with all of the operator's settings; a host without one is no failure of ours."""
    if not shutil.which("npm"):
        pytest.skip("npm is not here")
    words = ["npm", "install", "--prefix", str(into), "--ignore-scripts", "--no-audit", "--no-fund"]
    words += ["--fetch-retries", "1", package]
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=400)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm does not get {package} within 400 s")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"npm does not have {package} for us: {error.stderr[-300:]}")


def call(words, home):
    """Exit status and output, in a home of its own."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=home,
        env=support.clean_environment(HOME=str(home), NO_COLOR="1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_finds_the_server(client, cordon, tmp_path):
    package, program, expected = CLIENTS[client]
    fetch(package, tmp_path / "npm")
    home = tmp_path / "home"
    name, text = BEFORE[client]
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text(text)
    state = ["--state", str(tmp_path / "state")]
    status, log = call([cordon, "mcp", "config", client, "--root", home, *state, "--write"], home)
    assert status == 0, log
    [found] = (tmp_path / "npm/node_modules").glob(program)
    _, log = call([found, "mcp", "list"], home)
    shutil.rmtree(tmp_path / "npm")  # some have hundreds of megabytes
    assert re.search(expected, log), log
