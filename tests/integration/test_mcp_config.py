# SPDX-License-Identifier: Apache-2.0
"""`cordon mcp config`: the entry is right, and a client's settings lose nothing by it."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

import support

# Client, its settings below HOME, where the entry is, what the client wants beside the command.
CLIENTS = {
    "claude-desktop": (".config/Claude/claude_desktop_config.json", "mcpServers", {}),
    "claude-code": (".claude.json", "mcpServers", {"type": "stdio"}),
    "cursor": (".cursor/mcp.json", "mcpServers", {}),
    "vscode": (".config/Code/User/mcp.json", "servers", {"type": "stdio"}),
    "codex": (".codex/config.toml", "mcp_servers", {}),
    "gemini": (".gemini/settings.json", "mcpServers", {}),
    "zed": (".config/zed/settings.json", "context_servers", {"source": "custom"}),
}


def parse(text, path=".json"):
    """The settings as the client would read them; comments and last commas of JSONC taken out."""
    if str(path).endswith(".toml"):
        return tomllib.loads(text)
    strings = r'("(?:\\.|[^"\\])*")'
    text = re.sub(strings + r"|//[^\n]*|/\*.*?\*/", lambda m: m[1] or " ", text, flags=re.S)
    text = re.sub(strings + r"|,(?=\s*[}\]])", lambda m: m[1] or "", text)
    return json.loads(text)


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def config(run, home):
    """config(*WORDS) runs the command with that home and neither uv nor cordon on PATH."""

    def config(*words, **more):
        env = {"HOME": str(home), "PATH": "/nowhere", "CORDON_UV": "/usr/bin/uv"} | more
        return run("mcp", "config", *words, env=env, cwd=home)

    return config


def put(home, client, text):
    path = home / CLIENTS[client][0]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    path.chmod(0o640)
    return path


def entry_of(home, client, name="cordon"):
    path = home / CLIENTS[client][0]
    return parse(path.read_text(), path)[CLIENTS[client][1]][name]


# --- the entry -----------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_gets_an_entry_that_it_reads(config, home, cordon, client):
    place, section, beside = CLIENTS[client]
    expected = {"command": str(cordon), "args": ["serve", "--root", str(home)]} | beside
    printed = config(client, "--root", ".")
    assert printed.exit == 0
    assert parse(printed.out, place) == {section: {"cordon": expected}}
    assert f"{home}/{place}; --write" in printed.err and not (home / place).exists()

    written = config(client, "--root", ".", "--write")
    path = home / place
    assert written.exit == 0 and f"{path} is written" in written.err
    assert path.read_text() == printed.out and entry_of(home, client) == expected
    assert path.stat().st_mode & 0o777 == 0o600
    assert [line for line in written.out.splitlines() if line[:1] == "+"]

    again = config(client, "--root", ".", "--write")
    assert (again.exit, again.out) == (0, "") and "has the server already" in again.err


def test_the_entry_starts_a_server(config, home, start):
    """What a client reads there is started as the client would start it."""
    config("cursor", "--root", ".", "--write")
    entry = entry_of(home, "cursor")
    server = start(*entry["args"])
    server.stdin.write(
        b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion":'
        b' "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}\n'
    )
    server.stdin.flush()
    assert json.loads(server.stdout.readline())["result"]["serverInfo"]["name"] == "cordon"


def test_cordon_is_named_as_it_is_found(config, home, cordon, tmp_path):
    shelf = tmp_path / "bin"
    shelf.mkdir()
    (shelf / "cordon").symlink_to(cordon)
    (shelf / "uv").write_text("#!/bin/sh\n")
    (shelf / "uv").chmod(0o755)
    config("cursor", "--write", PATH=f"/nowhere:{shelf}", CORDON_UV="")
    # A path that an upgrade keeps; and uv, which an application's PATH does not have.
    assert entry_of(home, "cursor") == {
        "command": f"{shelf}/cordon",
        "args": ["serve"],
        "env": {"CORDON_UV": f"{shelf}/uv"},
    }


def test_settings_of_the_server_are_handed_on(config, home):
    (home / "s").mkdir()
    config("codex", "--state", "s", "--config", "/etc/x.json", "--name", "box", "--write")
    expected = ["serve", "--state", f"{home}/s", "--config", "/etc/x.json"]
    assert entry_of(home, "codex", "box")["args"] == expected


def test_a_server_elsewhere_is_reached_through_ssh(config):
    printed = config("cursor", "--ssh", "me@devbox", "--root", "/srv/it's here")
    assert parse(printed.out)["mcpServers"]["cordon"] == {
        "command": "ssh",
        "args": ["-T", "me@devbox", "cordon", "serve", "--root", "'/srv/it'\\''s here'"],
    }
    assert "settings of Cursor where it runs: ~/.cursor/mcp.json on every system" in printed.err
    assert "on this very machine, --write puts it into" in printed.err


def test_a_client_on_windows_goes_through_wsl(config, cordon):
    printed = config("claude-desktop", "--wsl", WSL_DISTRO_NAME="Debian")
    assert parse(printed.out)["mcpServers"]["cordon"] == {
        "command": "wsl.exe",
        "args": ["-d", "Debian", "--exec", str(cordon), "serve"],
    }
    assert "%APPDATA%" in printed.err


def test_directories_of_ones_own_are_honoured(config, home):
    config("claude-code", "--write", CLAUDE_CONFIG_DIR=f"{home}/a")
    config("codex", "--write", CODEX_HOME=f"{home}/b")
    config("zed", "--write", XDG_CONFIG_HOME=f"{home}/c")
    config("vscode", "--write", "--file", ".vscode/mcp.json")
    for name in ("a/.claude.json", "b/config.toml", "c/zed/settings.json", ".vscode/mcp.json"):
        assert (home / name).exists(), name


# --- nothing is lost -----------------------------------------------------------------------------

KEPT = {
    "comments and commas": (
        "zed",
        "// mine\n{\n\t/* a\n\t   b */\n\t\"theme\": \"One // Dark\", // why not\n"
        '\t"tabs": [1, 2,],\n\t"context_servers": {\n\t\t"other": {"command": "x",}, // last\n\t},\n}\n',
    ),
    "no section": ("cursor", '{\n    "a": 1 // one\n}\n'),
    "an empty section": ("cursor", '{"mcpServers": {}}'),
    "an empty object": ("gemini", "{}"),
    "only a comment": ("gemini", "{\n  // nothing yet\n}\n"),
    "one line": ("claude-code", '{"n":12345678901234567890,"mcpServers":{"o":{"command":"x"}},"z":{"a":[]}}'),
    "lines of Windows": ("vscode", '{\r\n  "servers": {\r\n    "o": {"command": "x"}\r\n  }\r\n}\r\n'),
    "names like ours": ("cursor", '{"x": {"mcpServers": {"cordon": 1}}, "y": "\\"mcpServers\\": {"}\n'),
    "an escaped name": ("cursor", '{"mcp\\u0053ervers": {"o": {"command": "x"}}}\n'),
    "a mark of Windows": ("vscode", '\ufeff{\r\n\t"inputs": []\r\n}'),
    "nothing in it": ("cursor", "\n\n"),
    "a table": ("codex", '# mine\nmodel = "x" # why\n\n[mcp_servers.o]\ncommand = "x"\nenv = { A = "b" }'),
    "texts over lines": (
        "codex",
        'a = """\n[mcp_servers.cordon]\ncommand = "no"\n"""\nb = \'\'\'\n[x\'\'\'\n',
    ),
    "dates and arrays": (
        "codex",
        "d = 1979-05-27 07:32:00Z\na = [ # c\n  { x = 1 },\n  [2, 3],\n]\n[[p]]\nq.r = 1e3\n",
    ),
    "a table above": ("codex", '[mcp_servers]\n[mcp_servers.o]\ncommand = "x"\r\n[z]\n'),
    "keys with quotes": ("codex", "\"a.b\".'c d' = true\n[mcp_servers.\"o\"]\ncommand = 'x'\n"),
}


@pytest.mark.parametrize("kind", KEPT)
def test_all_else_stays_byte_for_byte(config, home, cordon, kind):
    client, text = KEPT[kind]
    path = put(home, client, text)
    result = config(client, "--write")
    assert result.exit == 0, result.err
    after = path.read_bytes().decode()
    before = parse(text.lstrip("\ufeff"), path) if text.strip() else {}
    section, beside = CLIENTS[client][1:]
    before.setdefault(section, {})["cordon"] = {"command": str(cordon), "args": ["serve"]} | beside
    assert parse(after.lstrip("\ufeff"), path) == before
    # The old text is in the new one, in its order; what came in is the entry and a comma.
    rest = iter(after)
    assert all(c in rest for c in text)
    assert path.stat().st_mode & 0o777 == 0o640
    assert ("\r\n" in text) == (after.count("\r\n") > text.count("\r\n")) or client == "codex"
    assert config(client, "--write").out == "" and path.read_bytes().decode() == after


JSON_ENTRY = """{
  "mcpServers": {
    "cordon": { // ours
      "disabled": true,
      "command": "/old/cordon",
      "args": ["serve", "--root", "/srv"],
      "env": {"MINE": "1"}
    }
  }
}
"""
TOML_ENTRY = """[mcp_servers.cordon] # ours
disabled = true
command = '/old/cordon' # old
args = ["serve", "--root", "/srv"]
env = { MINE = "1" }
tool_timeout_sec = 60

[other]
"""
TOML_TABLE = """[mcp_servers.cordon]
disabled = true
command = "/old/cordon"
args = ["serve", "--root", "/srv"]

[mcp_servers.cordon.env]
MINE = "1"
"""


@pytest.mark.parametrize(
    "client, text",
    [("cursor", JSON_ENTRY), ("codex", TOML_ENTRY), ("codex", TOML_TABLE)],
    ids=["json", "toml", "table"],
)
def test_an_entry_that_is_there_keeps_what_is_not_ours(config, home, cordon, client, text):
    path = put(home, client, text)
    (home / "p").mkdir()
    result = config(client, "--write", CORDON_UV="/opt/uv")
    assert result.exit == 0, result.err
    entry = entry_of(home, client)
    assert entry["disabled"] is True and entry["command"] == str(cordon)
    assert entry["args"] == ["serve", "--root", "/srv"]  # nothing else was asked for
    assert entry["env"] == {"MINE": "1", "CORDON_UV": "/opt/uv"}
    assert "ours" in path.read_text() or "# ours" not in text

    assert config(client, "--write", "--root", "p").exit == 0
    assert entry_of(home, client)["args"] == ["serve", "--root", f"{home}/p"]


def test_another_way_of_starting_replaces_the_arguments(config, home):
    put(home, "cursor", JSON_ENTRY)
    config("cursor", "--write", "--ssh", "devbox")
    assert entry_of(home, "cursor")["args"] == ["-T", "devbox", "cordon", "serve"]


SECRETS = [
    '{"mcpServers": {\n "o": {\n  "env": {"KEY": "hunter2"}\n }\n}}\n',
    '{\n  "mcpServers": {\n    "o": { "env": {"KEY": "hunter2"} }\n  }\n}\n',
    '{"a":1,"mcpServers":{"o":{"env":{"KEY":"hunter2"}}},"z":{"key":"hunter2","y":[1,2,3]}}',
    '{"z":{"mcpServers":{}},"key":"hunter2"}',
    '{\n "mcpServers": {\n "o": { "command":"x", "env":\n { "API_KEY": "hunter2" } } } }\n',
    '{\n "mcpServers": {\n "o":\n {"url":"https://x/?token=hunter2"}}}\n',
    '{\n "mcpServers": {\n "o": [\n "hunter2" ] } }\n',
    '{ "key": "hunter2" }\n',
]
SECRET_IDS = ["lines", "a line each", "one line", "no section", "braces", "address", "list", "short"]


@pytest.mark.parametrize("text", SECRETS, ids=SECRET_IDS)
def test_secrets_of_other_servers_are_not_shown(config, home, cordon, text):
    put(home, "cursor", text)
    shown = config("cursor", "--write")
    assert shown.exit == 0 and "hunter2" not in shown.out + shown.err
    assert '+ ' in shown.out and str(cordon) in shown.out
    assert entry_of(home, "cursor")["command"] == str(cordon)
    assert (home / CLIENTS["cursor"][0]).read_text().count("hunter2") == text.count("hunter2")


def test_a_link_is_followed_and_stays(config, home):
    """Settings that are kept elsewhere (dotfiles)."""
    kept = home / "dotfiles.json"
    kept.write_text("{}")
    link = home / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to(kept)
    assert config("cursor", "--write").exit == 0
    assert link.is_symlink() and "mcpServers" in kept.read_text()
    assert sorted(os.listdir(home)) == [".cursor", "dotfiles.json"]  # nothing was left behind


# --- what cannot be done is said -----------------------------------------------------------------

REFUSED = {
    "cut off": ("cursor", '{"mcpServers": {', "line 1: the name of a member is missing"),
    "no comma": ("cursor", '{\n "a": 1\n "b": 2}', 'line 3: a comma or "}" is missing'),
    "no object": ("cursor", "[]", "line 1: the file is not an object"),
    "two documents": ("cursor", "{}\n{}", "line 2: something stands behind"),
    "a string": ("cursor", '{"a": "\\x"}', "line 1: this is no JSON value"),
    "a comment": ("zed", "{ /* ", "line 1: a comment that begins here does not end"),
    "a list of servers": ("cursor", '{"mcpServers":\n[]}', "line 2: mcpServers is not an object"),
    "twice": ("cursor", '{"mcpServers": {},\n"mcpServers": {}}', "line 2: a member of this name"),
    "an address": ("cursor", '{"mcpServers": {"cordon": {"url": "http://x"}}}', "--name"),
    "deep": ("cursor", '{"a":' + "[" * 99 + "]" * 99 + "}", "nested too deeply"),
    "no TOML": ("codex", "a = 1\nb c\n", "line 2: this key has no value"),
    "an open string": ("codex", 'a = "x\n', "line 1: a string that begins here does not end"),
    "an inline table": ("codex", 'mcp_servers = { o = { command = "x" } }\n', "line 1: mcp_servers is not"),
    "dotted keys": ("codex", '[mcp_servers]\ncordon.command = "x"\n', "line 2: this belongs to cordon"),
    "a table twice": ("codex", "[mcp_servers.cordon]\n[mcp_servers.cordon]\n", "line 2: this table"),
    "an address in TOML": ("codex", '[mcp_servers.cordon]\nurl = "x"\n', "--name"),
    "two on a line": ("codex", "a = 1 b = 2\n", "line 1: this belongs on a line of its own"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_edited_is_left_alone(config, home, kind):
    client, text, words = REFUSED[kind]
    path = put(home, client, text)
    result = config(client, "--write")
    assert (result.exit, result.out, result.err.count("\n")) == (125, "", 1), result.err
    assert words in result.err and f"is left as it is: {path}" in result.err
    assert path.read_bytes().decode() == text


WRONG = [
    ([], "for which client? Known are claude-desktop, claude-code"),
    (["emacs"], 'no client "emacs" is known'),
    (["cursor", "zed"], "one client at a time"),
    (["cursor", "--name", "a b"], "--name: up to 64 letters"),
    (["cursor", "--root", "/no/such"], "--root /no/such: No such file"),
    (["cursor", "--ssh", "-oProxyCommand=x"], "--ssh takes a host"),
    (["cursor", "--ssh", "a", "--wsl"], "--ssh and --wsl are two ways"),
    (["cursor", "--ssh", "a", "--root", "."], "name it from / on"),
    (["cursor", "--wsl", "--write"], "needs --file"),
    (["cursor", "--file", "/dev/null", "--write"], "is not a file"),
    (["cursor", "--write=x"], "--write takes no value"),
]


@pytest.mark.parametrize("words, text", WRONG, ids=lambda value: None)
def test_bad_input_is_one_clear_line(config, words, text):
    result = config(*words)
    assert (result.exit, result.out, result.err.count("\n")) == (125, "", 1), result.err
    assert text in result.err


def test_without_a_home_a_file_must_be_named(config):
    result = config("cursor", HOME="")
    assert result.exit == 125 and "--file" in result.err


@pytest.mark.skipif(support.ROOT, reason="root writes everywhere")
def test_a_home_that_cannot_be_written(config, home):
    home.chmod(0o555)
    result = config("cursor", "--write")
    home.chmod(0o755)
    assert result.exit == 125 and result.err.count("\n") == 1 and "Permission denied" in result.err
    assert os.listdir(home) == []


def test_a_link_that_leads_nowhere_is_not_followed(config, home):
    (home / ".claude.json").symlink_to(home / "gone")
    result = config("claude-code", "--write")
    assert result.exit == 125 and "a link to a file that is not there" in result.err


def test_uvx_is_named_where_the_program_will_not_last(run, cordon, home, tmp_path):
    """In uv's cache cordon is a guest; what started it can start it again."""
    import shutil
    import subprocess

    cache = tmp_path / "uv/archive-v0/abc/bin"
    cache.mkdir(parents=True)
    shutil.copy2(Path(os.path.realpath(cordon)), cache / "cordon")
    (tmp_path / "uvx").write_text("#!/bin/sh\n")
    (tmp_path / "uvx").chmod(0o755)
    words = [cache / "cordon", "mcp", "config", "cursor", "--root", str(home)]
    env = {"HOME": str(home), "PATH": str(tmp_path)}
    result = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert parse(result.stdout)["mcpServers"]["cordon"] == {
        "command": f"{tmp_path}/uvx",
        "args": ["cordon-mcp", "--root", str(home)],
    }
    env["PATH"] = "/nowhere"
    result = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 125 and "uv tool install cordon-mcp" in result.stderr
