# SPDX-License-Identifier: Apache-2.0
"""Saved scripts: over MCP, at the command line, and as the plain files they are.

What a source holds is read back by Python itself: ast, tokenize, tomllib, and the reference
expression of PEP 723.
"""

import ast
import base64
import io
import json
import os
import random
import re
import signal
import subprocess
import sysconfig
import threading
import time
import tokenize
from pathlib import Path

import pytest
import support

SAVE, LIST, RUN = "py_save_script", "py_list_scripts", "py_run_saved_script"
BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@pytest.fixture
def state(tmp_path_factory):
    """A library of its own for each test."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def call(client):
    """call(TOOL, **ARGUMENTS) -> its object."""
    count = iter(range(1, 10**9))

    def call(tool, **arguments):
        result = client.call(next(count), tool, **arguments)
        assert result["isError"] is False, result
        (block,) = result["content"]
        assert json.loads(block["text"]) == result["structuredContent"]
        return result["structuredContent"]

    return call


@pytest.fixture
def refused(client):
    """refused(TOOL, **ARGUMENTS) -> the one line that says why."""
    count = iter(range(10**9, 2 * 10**9))

    def refused(tool, **arguments):
        result = client.call(next(count), tool, **arguments)
        assert result["isError"] is True, result
        text = result["content"][0]["text"]
        text = result["structuredContent"]["error"] if text.startswith("{") else text
        assert "\n" not in text
        return text

    return refused


def place(state):
    return state / "front/scripts/local"


def tree(directory):
    """Every file beneath, with its bytes."""
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


# --- a real client ------------------------------------------------------------------------------


def test_a_real_client_saves_lists_and_runs(real_client, state):
    source = '"""Prints a table."""\nfrom rich import print\nprint("[bold]hello[/bold]")\n'

    async def work(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        saved = await client.call_tool(
            SAVE,
            {
                "script_name": "table.py",
                "source": source,
                "dependencies": ["rich"],
                "requires_python": ">=3.9",
            },
        )
        again = await client.call_tool(SAVE, {"script_name": "table", "source": "x"})
        listed = await client.call_tool(LIST, {})
        ran = await client.call_tool(
            RUN, {"script_name": "table", "args": ["a"], "job_label": "first"}
        )
        wrong = await client.call_tool(RUN, {"script_name": "none"})
        return tools, saved, again, listed, ran, wrong

    tools, saved, again, listed, ran, wrong = real_client(work)
    file = place(state) / "table.py"
    assert not saved.is_error and saved.structured_content["written"] is True
    assert saved.structured_content["path"] == str(file)
    assert not again.is_error and again.structured_content["written"] is False
    assert "overwrite" in again.structured_content["message"]
    header = 'requires-python = ">=3.9"\ndependencies = [\n  "rich",\n]\n'
    assert listed.structured_content == {
        "scripts": [
            {"name": "table", "path": str(file), "docstring": "Prints a table.", "header": header}
        ],
        "total": 1,
    }
    assert file.read_text().endswith("# ///\n\n" + source)
    assert ran.structured_content["stdout"] == "hello\n", ran.structured_content
    assert any(word.startswith("rich==") for word in ran.structured_content["installed"])
    assert wrong.is_error and "script_name" in wrong.content[0].text
    assert tools[LIST].annotations.read_only_hint is True
    assert tools[SAVE].annotations.destructive_hint is True


def test_the_schemas_take_what_the_contract_has(client):
    tools = {tool["name"]: tool for tool in client.request(1, "tools/list")["result"]["tools"]}
    save, run = (tools[name]["inputSchema"] for name in (SAVE, RUN))
    assert set(save["properties"]) == {
        *("script_name", "source", "dependencies", "requires_python", "overwrite")
    }
    assert save["required"] == ["script_name", "source"]
    assert save["properties"]["overwrite"]["default"] is False
    assert run["required"] == ["script_name"]
    assert set(run["properties"]) >= {
        *("script_name", "args", "timeout_seconds", "env_vars", "env_file", "async_mode"),
        *("job_label", "auto_install_deps", "policy", "memory_mb", "cpu_seconds", "stdin"),
    }
    assert tools[LIST]["inputSchema"]["properties"] == {}


# --- bad input ----------------------------------------------------------------------------------

NAMES = ["", ".py", "..", "../x", "/etc/passwd", "a/b", ".hidden", "-x", "a b", "a\n", "é", "a" * 101]
NAMES += ["a.py.py", "a\\b", "~", "a:b", "*"]
GOOD = {"script_name": "a", "source": "1"}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_refused_everywhere(refused, run, state, tmp_path, name):
    assert "script_name" in refused(SAVE, script_name=name, source="1")
    assert "script_name" in refused(RUN, script_name=name)
    file = tmp_path / "x.py"
    file.write_text("1")
    for words in (["show"], ["save"], ["run"], ["remove"]):
        more = [file] if words == ["save"] else []
        result = run("scripts", *words, "--", name, *more)
        assert result.exit == 125, words
        assert "not a name for a script" in result.err and result.err.count("\n") == 1
    assert not place(state).exists() or list(place(state).iterdir()) == []


BAD = {
    "no name": ({"source": "1"}, "script_name"),
    "no source": ({"script_name": "a"}, "source"),
    "a parameter too many": ({**GOOD, "policy": "default"}, "policy"),
    "name of another type": ({**GOOD, "script_name": 5}, "script_name"),
    "null name": ({**GOOD, "script_name": None}, "script_name"),
    "source of another type": ({**GOOD, "source": ["1"]}, "source"),
    "NUL": ({**GOOD, "source": "1\0"}, "source"),
    "huge": ({**GOOD, "source": "#" * (4 * 2**20 + 1)}, "source"),
    "another encoding": ({**GOOD, "source": "# coding: latin-1\nx = 'é'"}, "source"),
    "one dependency": ({**GOOD, "dependencies": "rich"}, "dependencies"),
    "an option": ({**GOOD, "dependencies": ["--index-url=x"]}, "dependencies"),
    "two lines": ({**GOOD, "dependencies": ["rich\nx"]}, "dependencies"),
    "a URL": ({**GOOD, "dependencies": ["x @ https://example.org/x.whl"]}, "dependencies"),
    "not ASCII": ({**GOOD, "dependencies": ["café"]}, "dependencies"),
    "a bare version": ({**GOOD, "requires_python": "3.12"}, "requires_python"),
    "TOML": ({**GOOD, "requires_python": '>=3"\nx = "'}, "requires_python"),
    "a number": ({**GOOD, "requires_python": 3.12}, "requires_python"),
    "a word for overwrite": ({**GOOD, "overwrite": "yes"}, "overwrite"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_saved_is_refused_with_its_parameter(refused, call, name):
    arguments, parameter = BAD[name]
    assert parameter in refused(SAVE, **arguments)
    assert call(LIST) == {"scripts": [], "total": 0}


def test_what_cannot_be_run_is_refused_with_its_parameter(refused, call, tmp_path):
    call(SAVE, script_name="a", source="print(1)")
    (tmp_path / "bad.env").write_text("A=1\nB='open\n")
    table = {
        "script_name": [{}, {"script_name": ["a"]}, {"script_name": "b"}],
        "timeout_seconds": [{"timeout_seconds": -5}, {"timeout_seconds": 10**18}],
        "env_file": [{"env_file": "none.env"}, {"env_file": "/etc/passwd"}, {"env_file": ""}],
        "line 2": [{"env_file": "bad.env"}],
        "env_vars": [{"env_vars": {"1A": "x"}}, {"env_vars": ["A=1"]}],
        "args": [{"args": "x"}],
        "script_content": [{"script_content": "1"}],
        "directory": [{"directory": "/tmp"}],
        "memory_mb": [{"memory_mb": 0}],
        "policy": [{"policy": "fetch"}, {"policy": "../x"}],
    }
    for parameter, rows in table.items():
        for row in rows:
            arguments = row if parameter == "script_name" else {"script_name": "a", **row}
            assert parameter in refused(RUN, **arguments), arguments
    assert "unknown parameter" in refused(LIST, limit=5)
    assert call(RUN, script_name="a")["stdout"] == "1\n"


# --- headers ------------------------------------------------------------------------------------

LINES = [
    "#!/usr/bin/env python3",
    "#!/usr/bin/python3 -u",
    "# -*- coding: utf-8 -*-",
    "# vim: set fileencoding=latin-1 :",
    "# a comment",
    "#",
    "",
    "",
    "\f",
    '"""Doc."""',
    '"""Doc over\n# coding: latin-1\nlines"""',
    "from __future__ import annotations",
    "import os",
    "x = 1",
    "x = [\n",
    "# ///",
    "# /// script",
    "# /// script",
    "# /// other",
    "# dependencies = ['a', \"b>=1\"]",
    "# dependencies = [",
    "#   'c', # why",
    "# ]",
    "# requires-python = '>=3.9'",
    "# requires-python = '>=3.8'",
    "# [tool.x]",
    "# y = '''",
    "# z = \"\\u0041\"",
]


def generated_sources():
    chance = random.Random(20261122)
    for _ in range(700):
        lines = [chance.choice(LINES) for _ in range(chance.randint(0, 9))]
        if chance.random() < 0.3:  # a block that is one
            block = chance.sample(["# dependencies = [\"a\"]", "# requires-python = '>=3.9'", "#"], 2)
            at = chance.randint(0, len(lines))
            lines[at:at] = ["# /// script", *block, "# ///", ""]
        end = chance.choice(["\n", "\n", "\r\n"])
        text = "\n".join(lines).replace("\n", end) + chance.choice(["", end])
        yield chance.choice(["", "", "\ufeff"]) + text


def script_blocks(text):
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    for match in BLOCK.finditer(text):
        if match["type"] == "script":
            lines = match["content"].splitlines(keepends=True)
            yield "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)


def parsed(text, tomllib):
    """The meaning of the one header there is; None: there is none, or none that is TOML."""
    try:
        (block,) = script_blocks(text)
        return tomllib.loads(block)
    except ValueError:
        return None


def meaning(text):
    try:
        return ast.dump(ast.parse(text.encode()))
    except (SyntaxError, ValueError):
        return None


def encoding(text):
    try:
        return tokenize.detect_encoding(io.BytesIO(text.encode()).readline)[0]
    except SyntaxError:
        return None


def test_a_header_is_written_whatever_the_source_holds(client, state):
    tomllib = pytest.importorskip("tomllib")
    wanted = ["rich>=13", 'tomli; python_version < "3.11"']
    written = refused = grown = 0
    for number, source in enumerate(generated_sources()):
        result = client.call(
            number + 1,
            SAVE,
            script_name="x",
            source=source,
            dependencies=wanted,
            requires_python=">=3.9",
            overwrite=True,
        )
        blocks, before = list(script_blocks(source)), parsed(source, tomllib)
        if result["isError"]:
            refused += 1
            # What a simple writer gets right is not refused.
            assert blocks or "# ///" in source or "latin-1" in source, source
            continue
        written += 1
        after = (place(state) / "x.py").read_bytes().decode()
        header = parsed(after, tomllib)
        if blocks and not before:
            continue  # its own header is no TOML behind the lines that we read
        assert header, (source, after)
        assert header["requires-python"] == ">=3.9"
        old = before.get("dependencies", []) if before else []
        assert header["dependencies"] == [*old, *(word for word in wanted if word not in old)]
        rest = {**header, "dependencies": 0, "requires-python": 0}
        assert rest == {**(before or {}), "dependencies": 0, "requires-python": 0}
        assert encoding(after) == encoding(source), source
        assert after.startswith("\ufeff") == source.startswith("\ufeff")
        if source.startswith("#!"):
            assert after.split("\n")[0] == source.split("\n")[0]
        if blocks:
            grown += 1
        else:
            assert meaning(after) == meaning(source), source
            assert ("\r\n" in after) == ("\r\n" in source) or "\n" not in source
    assert written > 300 and refused > 20 and grown > 20, (written, refused, grown)


def test_without_words_a_source_is_saved_as_it_is(call, state):
    for source in ("", "x = 'é'\r\n", "\ufeff#!x\n", "# /// script\n# dependencies = [\n# ///\n"):
        call(SAVE, script_name="x", source=source, dependencies=[], overwrite=True)
        assert (place(state) / "x.py").read_bytes() == source.encode()


# --- docstrings ---------------------------------------------------------------------------------

PIECES = ["'", '"', "'''", '"""', "r", "u", "R", "b", "f", "(", ")", ",", ";", "+", " ", "#c", "\n"]
PIECES += ["\r\n", "\\\n", "\\n", "\\x41", "\\u00e9", "\\101", "\\'", "\\", "é", "\t", "    ", "abc"]
PIECES += ["\n  b", "\n\td", "\ud7ff", "𝄞", "\\U0001f600", "\\ud800", "\\0", "\\q", "if 1 else 2"]


def docstring_sources():
    chance = random.Random(723)
    heads = ["", "", "#!x\n", "\n# c\n\n", "\ufeff", "# coding: utf-8\n", "# coding: latin-1\n", "\f"]
    found = 0
    while found < 500:
        quote = chance.choice(["'", '"', "'''", '"""'])
        body = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 8)))
        before = "".join(chance.choice(PIECES[4:12]) for _ in range(chance.choice([0, 0, 1])))
        after = "".join(chance.choice(PIECES) for _ in range(chance.choice([0, 0, 1, 2, 4])))
        source = chance.choice(heads) + before + quote + body + quote + after
        good = docstring(source.encode()) is not NotImplemented
        if good or chance.random() < 0.02:
            found += 1
            yield source.encode()


def docstring(source):
    """What Python says; NotImplemented where it does not compile."""
    try:
        text = ast.get_docstring(ast.parse(source))
        named = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    except (SyntaxError, ValueError, UnicodeError):
        return NotImplemented
    if not named.startswith("utf-8") and not source.isascii():
        return NotImplemented  # ours reads no other encoding
    if text is None:
        return None
    if re.search(r"[^\S \t\n]", ast.get_docstring(ast.parse(source), clean=False)):
        return NotImplemented  # whether it is indentation changed with Python 3.13
    text = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
    return text.encode()[:4096].decode(errors="ignore")


def library_sources():
    """The beginnings of real modules: those that have a docstring, and those that have not."""
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    for file in files[:400]:
        source = file.read_bytes()
        if b"\\N{" not in source:
            yield source


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
def test_docstrings_are_those_that_python_finds(call, state):
    call(SAVE, script_name="first", source="")
    sources = [*docstring_sources(), *library_sources()]
    for number, source in enumerate(sources):
        (place(state) / f"x{number}.py").write_bytes(source)
        (place(state) / f"x{number}.py").chmod(0o644)
    scripts = {script["name"]: script for script in call(LIST)["scripts"]}
    assert len(scripts) == len(sources) + 1
    found = 0
    for number, source in enumerate(sources):
        expected = docstring(source)
        if expected is not NotImplemented:
            assert scripts[f"x{number}"]["docstring"] == expected, source[:300]
            found += expected is not None
    assert found > 300, found


# --- the command line ---------------------------------------------------------------------------


def test_the_command_line_does_all_of_it(run, state, tmp_path):
    file = tmp_path / "a b.py"
    file.write_text(
        '#!/usr/bin/python3\n"""Says hello.\n\nMore."""\n'
        'import sys; print("hello", sys.argv[1:])\n'
    )
    assert run("scripts", "list").out == ""
    result = run("scripts", "save", "hello", file, "--requires-python", ">=3.9")
    assert (result.exit, result.out, result.err) == (0, "", "")
    assert run("scripts", "list").out == "hello                    Says hello.\n"
    (listed,) = json.loads(run("scripts", "list", "--json").out)["scripts"]
    assert listed["path"] == str(place(state) / "hello.py")
    assert listed["header"] == 'requires-python = ">=3.9"\n'
    shown = run("scripts", "show", "hello.py").out
    assert shown.startswith("#!/usr/bin/python3\n# /// script\n")
    assert Path(listed["path"]).read_text() == shown
    ran = run("scripts", "run", "hello", "--timeout", "30s", "--", "--timeout", "x")
    assert (ran.exit, ran.out) == (0, "hello ['--timeout', 'x']\n"), ran.err
    assert json.loads(run("scripts", "run", "--json", "hello", "y").out)["stdout"] == "hello ['y']\n"
    assert run("scripts", "run", "hello", "--job", "--quiet").exit == 0
    assert run("jobs", "list").out.splitlines()[-1].split()[-1] == "hello"
    assert run("scripts", "remove", "hello").exit == 0
    assert run("scripts", "save", "x", "/no/such/file").exit == 127
    gone = run("scripts", "remove", "hello")
    assert gone.exit == 127 and 'no saved script "hello"' in gone.err
    assert run("scripts", "run", "hello").exit == 127


def test_a_script_comes_from_standard_input_and_stays_unless_told(run, state):
    assert run("scripts", "save", "x", "-", input=b"print(1)").exit == 0
    again = run("scripts", "save", "x", "-", input=b"print(2)")
    assert again.exit == 125 and "--overwrite" in again.err
    assert run("scripts", "run", "x").out == "1\n"
    assert run("scripts", "save", "--overwrite", "x", "-", input=b"print(2)").exit == 0
    assert run("scripts", "run", "x").out == "2\n"


def test_bytes_of_a_named_encoding_stay(run, state):
    source = b"# coding: latin-1\nprint('\xe9')\n"
    assert run("scripts", "save", "x", "-", "--requires-python", ">=3.9", input=source).exit == 0
    assert run("scripts", "run", "x").out == "é\n"
    bad = run("scripts", "save", "y", "-", input=b"x = '\xe9'\n")
    assert bad.exit == 125 and "not UTF-8" in bad.err


@pytest.mark.parametrize(
    "words, text",
    [
        ([], "no verb"),
        (["rename"], 'no verb "rename"'),
        (["list", "x"], "takes no words"),
        (["show"], "takes one name"),
        (["save", "x"], "a name and a file"),
        (["save", "x", "/"], "/"),
        (["run"], "run needs the name"),
        (["run", "-c", "1"], "-c"),
        (["show", "x", "--overwrite", "--nonsense"], "--nonsense"),
        (["save", "x", "/dev/null", "--with", "-e ."], "dependencies"),
    ],
)
def test_what_the_command_line_cannot_do_it_says(run, words, text):
    result = run("scripts", *words)
    assert result.exit == 125, result
    assert text in result.err and result.err.count("\n") == 1


# --- plain files that others hold, too ----------------------------------------------------------


def test_a_server_and_a_command_line_share_them(call, run, state):
    call(SAVE, script_name="a", source="print('server')")
    assert run("scripts", "run", "a").out == "server\n"
    assert run("scripts", "save", "--overwrite", "a", "-", input=b"print('line')").exit == 0
    assert call(RUN, script_name="a")["stdout"] == "line\n"
    file = place(state) / "a.py"
    file.write_text("print('editor')")
    assert call(RUN, script_name="a")["stdout"] == "editor\n"
    file.rename(place(state) / "b.py")
    assert [script["name"] for script in call(LIST)["scripts"]] == ["b"]
    file.with_name("b.py").unlink()
    assert call(LIST)["total"] == 0


def test_what_is_no_script_is_not_listed_and_not_followed(call, refused, run, state, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("print('secret')")
    call(SAVE, script_name="a", source="1")
    (place(state) / "link.py").symlink_to(secret)
    (place(state) / "dir.py").mkdir()
    os.mkfifo(place(state) / "fifo.py")
    (place(state) / "notes.txt").write_text("x")
    (place(state) / "bad name.py").write_text("x")
    assert [script["name"] for script in call(LIST)["scripts"]] == ["a"]
    for name in ("link", "dir", "fifo"):
        assert "script_name" in refused(RUN, script_name=name)
        for verb in ("show", "run"):
            result = run("scripts", verb, name)
            assert result.exit != 0 and "secret'" not in result.out + result.err
    assert call(SAVE, script_name="link", source="2")["written"] is False
    assert call(SAVE, script_name="link", source="2", overwrite=True)["written"] is True
    assert secret.read_text() == "print('secret')"


@pytest.mark.parametrize("part", ["scripts", "scripts/local"])
def test_a_directory_that_is_a_link_leads_nowhere(call, refused, run, state, tmp_path, part):
    """What a captured front could leave for root, or for its own user's command line."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "local").mkdir(parents=True)
    (elsewhere / "a.py").write_text("1")
    (elsewhere / "local/a.py").write_text("1")
    before = tree(elsewhere)
    link = state / "front" / part
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    assert "scripts" in refused(SAVE, script_name="b", source="1", overwrite=True)
    assert "scripts" in refused(LIST)
    for words in (["list"], ["show", "a"], ["remove", "a"], ["run", "a"]):
        assert run("scripts", *words).exit == 125, words
    assert run("scripts", "save", "--overwrite", "a", "-", input=b"2").exit == 125
    assert tree(elsewhere) == before


@pytest.mark.skipif(not support.ROOT, reason="root has another's directory")
def test_root_acts_in_the_library_as_its_owner(run, state):
    assert run("scripts", "save", "a", "-", input=b"1").exit == 0
    owner = (state / "front").stat().st_uid
    assert owner != 0
    assert (place(state) / "a.py").stat().st_uid == owner
    # A file of root's by another name, and a directory that only root could write.
    secret = state / "secret"
    secret.write_text("print('secret')")
    secret.chmod(0o600)
    os.link(secret, place(state) / "secret.py")
    for verb in ("show", "run"):
        result = run("scripts", verb, "secret")
        assert result.exit == 125 and "Permission denied" in result.err and result.out == ""
    place(state).chmod(0o555)
    os.chown(place(state), 0, 0)
    result = run("scripts", "save", "b", "-", input=b"1")
    assert result.exit == 125 and "Permission denied" in result.err
    assert run("scripts", "remove", "a").exit == 125
    assert run("scripts", "show", "a").out == "1"


def test_a_directory_that_cannot_be_written_is_said_and_nothing_is_lost(call, refused, run, state):
    call(SAVE, script_name="a", source="print(1)")
    place(state).chmod(0o500)
    assert "Permission denied" in refused(SAVE, script_name="b", source="2")
    assert "Permission denied" in refused(SAVE, script_name="a", source="2", overwrite=True)
    assert "Permission denied" in run("scripts", "remove", "a").err
    assert call(RUN, script_name="a")["stdout"] == "1\n"
    place(state).chmod(0o000)
    assert "Permission denied" in refused(LIST)
    place(state).chmod(0o700)
    assert call(SAVE, script_name="a", source="2", overwrite=True)["written"] is True


def test_a_full_disk_is_said_and_nothing_is_lost(cordon, state):
    """On a file system of 256 KiB, in a mount namespace of its own."""
    script = """
set -e
mount -t tmpfs -o size=256k,mode=700 none "$1"
export CORDON_STATE=$1/state
"$0" scripts save a - <"$2"
head -c 300000 /dev/zero | tr '\\0' '#' >"$1/../big" 2>/dev/null || true
if "$0" scripts save --overwrite a "$1/../big"; then exit 9; fi
"$0" scripts show a
"$0" scripts list
ls -A "$CORDON_STATE/front/scripts/local"
"""
    (state / "tmp").mkdir()
    small = state / "small"
    small.write_text("print(1)")
    words = ["unshare", "--mount", "sh", "-c", script, str(cordon), str(state / "tmp"), str(small)]
    if not support.ROOT:
        words[1:1] = ["--user", "--map-root-user"]
    environment = support.clean_environment()
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert "No space left" in done.stderr
    assert done.stdout == "print(1)a\na.py\n"


def test_a_script_is_a_resource(client, call, state):
    source = "print('é')\n"
    call(SAVE, script_name="a.b", source=source)
    (place(state) / "latin.py").write_bytes(b"# coding: latin-1\n'\xe9'")
    listed = client.request("list", "resources/list")["result"]["resources"]
    uris = [entry["uri"] for entry in listed if entry["uri"].startswith("cordon://scripts/")]
    assert uris == ["cordon://scripts/a.b", "cordon://scripts/latin"]
    templates = client.request("templates", "resources/templates/list")["result"]
    assert "cordon://scripts/{name}" in [row["uriTemplate"] for row in templates["resourceTemplates"]]
    read = client.request("read", "resources/read", uri="cordon://scripts/a.b")
    (content,) = read["result"]["contents"]
    assert (content["text"], content["mimeType"]) == (source, "text/x-python")
    read = client.request("latin", "resources/read", uri="cordon://scripts/latin.py")
    assert base64.b64decode(read["result"]["contents"][0]["blob"]).endswith(b"'\xe9'")
    table = {"none": -32002, "..%2Fx": -32602, "": -32602, "a.b?x=1": -32602, "a%00": -32602}
    for name, code in table.items():
        answer = client.request(f"read {name}", "resources/read", uri=f"cordon://scripts/{name}")
        assert answer["error"]["code"] == code, answer
        assert "\n" not in answer["error"]["message"]


# --- many at once, and killed -------------------------------------------------------------------


def test_of_many_who_save_one_name_one_wins(start, run):
    savers = [start("scripts", "save", "x", "-") for _ in range(12)]
    for number, saver in enumerate(savers):
        saver.stdin.write(b"#" * 100_000 + f"\nprint({number})".encode())
        saver.stdin.close()
    winners = [number for number, saver in enumerate(savers) if saver.wait(60) == 0]
    assert len(winners) == 1
    assert run("scripts", "run", "x").out == f"{winners[0]}\n"


def test_a_reader_never_sees_a_part(call, run, state):
    texts = [f"# {letter * 500_000}\n" for letter in "ab"]
    call(SAVE, script_name="x", source=texts[0])
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add((place(state) / "x.py").read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        call(SAVE, script_name="x", source=texts[number % 2], overwrite=True)
    done.set()
    reader.join()
    assert seen <= set(texts) and len(seen) == 2


def test_a_saver_that_is_killed_leaves_the_old_or_the_new(start, run, state):
    old, new = b"print('old')\n", b"#" * 3_000_000 + b"\nprint('new')\n"
    assert run("scripts", "save", "x", "-", input=old).exit == 0
    chance = random.Random(9)
    for number in range(30):
        saver = start("scripts", "save", "--overwrite", "x", "-")
        saver.stdin.write(new)
        if number:  # the first has not even got all of it
            saver.stdin.close()
        time.sleep(chance.random() * 0.02)
        saver.send_signal(signal.SIGKILL)
        saver.wait()
        text = (place(state) / "x.py").read_bytes()
        assert text in ((old, new) if number else (old,))
        assert run("scripts", "list").out == "x\n"
        assert run("scripts", "save", "--overwrite", "x", "-", input=old).exit == 0


# --- runs -----------------------------------------------------------------------------------------


def test_a_saved_script_runs_like_any_other(call, tmp_path):
    call(SAVE, script_name="a", source="import sys\nprint(sys.argv[1:], sys.stdin.read())")
    ran = call(RUN, script_name="a.py", args=["x y", ""], stdin="in", memory_mb=64)
    assert (ran["stdout"], ran["limits"]["memory_mb"]) == ("['x y', ''] in\n", 64)
    pending = call(RUN, script_name="a", async_mode=True, job_label="later")
    assert pending["status"] == "pending"

    def job():
        return call("py_job_status", job_id=pending["job_id"])["job"]

    support.soon(lambda: job()["status"] == "completed")
    assert (job()["label"], job()["result"]["stdout"]) == ("later", "[] \n")
    assert list(tmp_path.iterdir()) == []  # the first root, which many leave things in


# --- environment files and secrets --------------------------------------------------------------


def test_a_saved_script_gets_its_variables(call, tmp_path):
    (tmp_path / "x.env").write_text("A=file\nB='${A} and ${C}'\nD=${HOME}${PATH}\n")
    call(SAVE, script_name="a", source="import os; print([os.environ.get(n) for n in 'ABCD'])")
    ran = call(RUN, script_name="a", env_file="x.env", env_vars={"A": "call", "C": "given"})
    assert ran["stdout"] == "['call', 'file and given', 'given', '']\n"


def test_secrets_are_neither_logged_nor_kept_nor_on_a_command_line(client, call, state, tmp_path):
    file_secret, call_secret = "hunter2-in-the-file", "hunter2-in-the-call"
    (tmp_path / "x.env").write_text(f"A={file_secret}\n")
    go = tmp_path / "go"
    go.mkdir()
    code = (
        "import hashlib, os, sys\nprint('up', flush=True)\nsys.stdin.read()\n"
        "print([hashlib.md5(os.environ[n].encode()).hexdigest() for n in 'AB'])\n"
        "import time\ntime.sleep(0.5)\n"
    )
    call(SAVE, script_name="a", source=code)
    client.start_call(
        77, RUN, script_name="a", env_file="x.env", env_vars={"B": call_secret}, job_label="secret"
    )
    lines = []
    while 77 not in client.replies:
        lines.append(" ".join(support.processes().values()))
        time.sleep(0.01)
    assert client.reply(77)["result"]["structuredContent"]["exit_code"] == 0
    broken = client.call(78, RUN, script_name="a", env_file="x.env", env_vars={"9": call_secret})
    assert broken["isError"] is True
    assert any("hunter2" not in line for line in lines)
    kept = b"".join(tree(state).values()) + client.log + "".join(lines).encode()
    kept += json.dumps(broken).encode()
    assert len(kept) > 1000
    for secret in (file_secret, call_secret):
        assert secret.encode() not in kept
