# SPDX-License-Identifier: Apache-2.0
"""What the documents show works as it stands there."""

import contextlib
import functools
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import documents
import exceptions
import package_index
import pytest
import support
import web

ALL = [block for path in documents.documents() for block in documents.blocks(path)]


def kind(name):
    found = [block for block in ALL if block.kind == name]
    return pytest.mark.parametrize("block", found, ids=str)


# --- the world that the commands find ---------------------------------------------------------------

COUNTS = "print(sum(i * i for i in range(1000)))\n"
FILES = {
    "script.py": "import sys\nprint('hello', *sys.argv[1:])\n",
    "report.py": "print('a report')\n",
    "table.py": "# /// script\n# dependencies = ['rich']\n# ///\nimport rich; print(rich.version)\n",
    "new.py": COUNTS,
    "old.py": COUNTS,
    "check.py": "print('checked')\n",
    "contribution/check.py": "print('checked')\n",
    "project/tools/rename.py": "import os; print(os.getcwd())\n",
    "project/report.py": "print('a report')\n",
    "project/Makefile": "test:\n\t@echo tested\n",
    "jobs.json": "{}",
    "scripts/one.py": "print(1)\n",
    "settings.env": "GREETING=hello\n",
    "etc/cordon/config.json": "{}",
    "etc/cordon/tokens": "",
    "srv/projects/one/script.py": "print(1)\n",
}
PACKAGES = ("rich", "pandas", "numpy", "requests", "attrs")


@pytest.fixture(scope="session")
def index():
    with package_index.serving(
        *(package_index.wheel(name, "20.1") for name in PACKAGES),
        package_index.wheel("pyyaml", "6.1", {"yaml.py": "version = '6.1'\n"}),
    ) as index:
        yield index


@pytest.fixture(scope="session")
def settled(cordon, index, tmp_path_factory):
    """What all worlds have: (variables, job, key) of a state directory with a recorded run, a saved
    script and an environment."""
    home = tmp_path_factory.mktemp("home")
    environment = support.clean_environment(
        **index.env, HOME=str(home), CORDON_STATE=str(tmp_path_factory.mktemp("settled"))
    )
    environment["PATH"] = f"{cordon.parent}:{os.path.dirname(sys.executable)}:{environment['PATH']}"

    def do(*words, given=b""):
        done = subprocess.run([cordon, *words], env=environment, cwd=home, input=given, capture_output=True)
        assert done.returncode == 0, done
        return done.stdout.decode()

    do("run", "--job", "-c", "print('hello')")
    job = json.loads(do("jobs", "list", "--json"))["jobs"][0]["id"]
    do("scripts", "save", "hello", "-", given=b"print('hello')\n")
    key = do("env", "make", "--with", "rich").split()[0]
    return environment, job, key


@pytest.fixture
def there(settled, tmp_path):
    """there(TEXT) -> the same, with the names of this world in place of those of the documents."""
    environment, job, key = settled
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for script in Path(environment["CORDON_STATE"], "front/scripts/local").glob("*.py"):
        if script.stem != "hello":
            script.unlink()
    names = {r"\bID\b": job, r"\bKEY\b": key, r"~/": f"{tmp_path}/", r"/srv/": f"{tmp_path}/srv/",
             r"/run/cordon/": f"{tmp_path}/",
             r"/etc/cordon/": f"{tmp_path}/etc/cordon/"}

    def there(text):
        for pattern, ours in names.items():
            text = re.sub(pattern, ours, text)
        return text

    there.environment = environment
    there.cwd = tmp_path
    return there


@pytest.fixture
def server(cordon, settled, tmp_path):
    """An address at which a server answers."""
    environment = settled[0]
    command = [cordon, "serve", "--http", "127.0.0.1:0", "--root", str(tmp_path)]
    server = web.Server(command, environment, tmp_path)
    yield "{}:{}".format(*server.address)
    server.stop()


SHELL = "cd do done echo exit export fi for if kill printf set test then trap wait while { } !".split()


def programs(script):
    """The first word of each command in it, and of each that cordon is to run."""
    text = re.sub(r"(?m)(^|\s)#.*$", "", script.replace("\\\n", " "))
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&()\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    begins = True
    for word in lexer:
        if word == "--" or set(word) <= set("|;&(\n"):
            begins = True
        elif begins and not re.match(r"\w+=", word):
            begins = False
            yield word


def reason_not_to_run(script):
    """Why these commands cannot be run here, or None."""
    first = script.split("\n", 1)[0]
    if first in exceptions.SKIPPED:
        return exceptions.SKIPPED[first]
    for word in programs(script):
        if word in exceptions.WORDS:
            return f"{word}: {exceptions.WORDS[word]}"
        if word not in ("cordon", "cordon-mcp", *SHELL) and not shutil.which(word):
            return f"{word} is not here"
    return None


# --- what they refer to ------------------------------------------------------------------------------


def test_every_link_leads_somewhere():
    lost = []
    for path in documents.documents():
        for to in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text()):
            hidden = to.startswith(".github/") and not (support.SOURCE / ".github").exists()
            if not hidden and not (path.parent / to).exists():  # a copy may be without it
                lost.append(f"{path.name}: {to}")
    assert lost == []


def test_every_page_that_is_named_is_there():
    pages = {path.name for path in documents.documents() if re.search(r"\.[1-8]\.md$", path.name)}
    lost = []
    for path in documents.documents():
        for name, section in re.findall(r"\b(cordon(?:-[a-z]+)?)(?:\*\*)?\(([1-8])\)", path.read_text()):
            if f"{name}.{section}.md" not in pages:
                lost.append(f"{path.name}: {name}({section})")
        for name in re.findall(r"\bman (?:\d )?(cordon(?:-[a-z]+)?)\b", path.read_text()):
            if not any(page.startswith(f"{name}.") for page in pages):
                lost.append(f"{path.name}: man {name}")
    assert lost == []


PAGES = [path for path in documents.documents() if re.search(r"\.[1-8]\.md$", path.name)]


@pytest.mark.skipif(
    not (shutil.which("lowdown") and shutil.which("groff")), reason="no lowdown or no groff is here"
)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_fits_a_terminal(page, tmp_path):
    made = tmp_path / "page"
    subprocess.run(["lowdown", "-s", "-tman", "--out-no-smarty", "-o", made, page], check=True, timeout=60)
    words = ["groff", "-t", "-man", "-Tutf8", "-rLL=78n", made]
    assert subprocess.run(words, capture_output=True, text=True, timeout=60).stderr == ""


def test_every_command_has_a_page_under_its_name(cordon, run, tmp_path):
    prefix = cordon.parent.parent
    if not (prefix / "share/cordon/policies").is_dir():
        prefix = tmp_path / "installed"
        words = ["cmake", "--install", cordon.parent, "--prefix", prefix]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
    commands = re.findall(r"(?m)^  ([a-z]+) ", run("--help").out)
    assert {"run", "serve", "backup", "restore"} <= set(commands)
    pages = prefix / "share/man"
    for command in commands:
        text = (pages / f"man1/cordon-{command}.1").read_text()
        link = re.fullmatch(r"\.so (\S+)\n", text)
        assert not link or (pages / link[1]).is_file(), command


def keys_of(schema):
    """The names of all members that it allows, at any depth."""
    if isinstance(schema, list):
        return {key for part in schema for key in keys_of(part)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own | {key for part in schema.values() for key in keys_of(part)}


@pytest.mark.parametrize("name", ["config", "policy"])
def test_every_key_of_a_file_is_in_its_page(name):
    keys = keys_of(json.loads((support.SOURCE / f"policies/schema/{name}.schema.json").read_text()))
    page = (support.SOURCE / f"policies/cordon-{name}.5.md").read_text().replace("\\_", "_")
    assert len(keys) > 20
    assert [key for key in sorted(keys) if not re.search(rf'\*\*"?{key}\b|"{key}"', page)] == []


# --- what is done with them -------------------------------------------------------------------------


def test_every_block_is_known_for_what_it_is():
    assert [str(block) for block in ALL if block.kind == "unknown"] == []


def test_every_exception_is_still_there():
    firsts = {block.first for block in ALL}
    for table in (documents.TEXTS, exceptions.SKIPPED, exceptions.STATUS):
        assert set(table) - firsts == set()


def bash(script, there, stdin=subprocess.DEVNULL):
    environment = dict(there.environment)
    if script.startswith(exceptions.FRESH):
        environment["CORDON_STATE"] = str(there.cwd / "fresh")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment, cwd=there.cwd, stdin=stdin, capture_output=True, timeout=120,
    )


def serve_once(script, there):
    """A server that is heard to serve, and ends when it is told to, or at the end of its input."""
    words = shlex.split(there(script).replace("127.0.0.1:8000", "127.0.0.1:0"), comments=True)
    if "--http" in words or "--unix" in words:
        server = web.Server(words, there.environment, there.cwd)
        assert server.stop() == 0, server.log
        return
    done = subprocess.run(
        words, env=there.environment, cwd=there.cwd, input=b"", capture_output=True, timeout=60
    )
    assert done.returncode == 0, done


@contextlib.contextmanager
def somebody_who_leaves():
    """A terminal at which somebody presses Ctrl-D until nobody reads any more."""
    leader, terminal = pty.openpty()
    left = threading.Event()

    def leave():
        while not left.wait(0.1):
            os.write(leader, b"\x04")

    person = threading.Thread(target=leave)
    person.start()
    try:
        yield terminal
    finally:
        left.set()
        person.join()
        os.close(leader)
        os.close(terminal)


@kind("commands")
def test_commands_run(block, there, request):
    if reason := reason_not_to_run(block.script):
        pytest.skip(reason)
    if block.first.removeprefix("$ ").startswith(exceptions.SERVERS):
        for line in filter(None, block.script.splitlines()):
            serve_once(line, there)
        return
    script = block.script
    if "127.0.0.1:8000" in script:
        script = script.replace("127.0.0.1:8000", request.getfixturevalue("server"))
    with somebody_who_leaves() if "--tty" in script else open("/dev/null") as stdin:
        done = bash(there(script), there, stdin)
    assert done.returncode == exceptions.STATUS.get(block.first, 0), done


def test_examples_of_help_run(cordon, there):
    """Those behind "$ " in cordon --help and in each command's own."""
    overview = subprocess.run([cordon, "--help"], capture_output=True, text=True).stdout
    texts = [overview]
    for command in re.findall(r"(?m)^  ([a-z]+) +[a-z]", overview):
        told = subprocess.run([cordon, command, "--help"], capture_output=True, text=True)
        assert told.returncode == 0 and told.stdout.startswith(f"usage: cordon {command} "), told
        assert all(len(line) <= 100 for line in told.stdout.splitlines()), told.stdout
        assert re.search(r"(?m)^  \$ ", told.stdout), f"cordon {command} --help has no example"
        texts.append(told.stdout)
    for line in re.findall(r"(?m)^  \$ (.*)", "\n".join(texts)):
        if reason_not_to_run(line):
            continue
        if line.startswith(exceptions.SERVERS):
            serve_once(line, there)
            continue
        done = bash(there(line), there)
        assert done.returncode == exceptions.STATUS.get(line, 0), done


@kind("python")
def test_python_runs(block, there, server):
    text = block.text.replace("127.0.0.1:8000", server)
    done = subprocess.run(
        [sys.executable, "-c", there(text)],
        env=there.environment, cwd=there.cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
    )
    assert done.returncode == 0, done


def put_there(config, directory):
    """What a configuration names and `cordon check` looks for."""
    askers = [config, *config.get("principals", {}).values()]
    for root in (root for asker in askers for root in asker.get("roots", [])):
        assert Path(root).is_relative_to(directory), root
        Path(root).mkdir(parents=True, exist_ok=True)
    policy = json.loads((support.SOURCE / "policies/default.json").read_text())
    for name in config.get("client_policies", []):
        if not (support.SOURCE / f"policies/{name}.json").exists():
            path = directory / f"{name}.json"
            path.write_text(json.dumps(policy | {"name": name}))
            path.chmod(0o600)


@kind("json")
def test_json_is_json_and_what_it_says_it_is(block, there, cordon):
    value = json.loads(block.text)
    if not isinstance(value, dict):
        return
    path = there.cwd / f"{value.get('name', 'config')}.json"
    path.write_text(there(block.text))
    path.chmod(0o600)
    if {"version", "name", "limits"} <= set(value):
        words = ["policy", "check", path]
    elif set(value) <= configuration_keys():
        put_there(json.loads(path.read_text()), there.cwd)
        words = ["check", "--config", path, "--policies", there.cwd]
    else:
        return
    done = subprocess.run([cordon, *words], env=there.environment, cwd=there.cwd, capture_output=True)
    assert done.returncode == 0, done


@functools.cache
def configuration_keys():
    schema = json.loads((support.SOURCE / "policies/schema/config.schema.json").read_text())
    return set(schema["properties"])


@functools.cache
def known_options(cordon, command):
    """The options of a command, as its own --help names them."""
    done = subprocess.run([cordon, command, "--help"], capture_output=True, text=True)
    if "not yet" in done.stderr:
        return set()
    if done.returncode != 0:
        return None
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", done.stdout))


def wrong_words(cordon, text):
    """What in a command of cordon's there is not: the command, or an option of it."""
    words = text.replace("…", "").split()
    if words[0] == "cordon-mcp":
        words[:1] = ["cordon", "serve"]
    command = words[1] if len(words) > 1 else ""
    if not re.fullmatch("[a-z]+", command):
        return None
    options = known_options(cordon, command)
    if options is None:
        return f"there is no cordon {command}"
    for word in words[2:]:
        if word == "--":
            break
        option = word.partition("=")[0].rstrip(",.;)")
        if option.startswith("--") and option not in options:
            return f"cordon {command} has no {option}"
    return None


def test_commands_in_sentences_exist(cordon):
    wrong = []
    for path in documents.documents():
        for line, text in documents.spoken_commands(path):
            if said := wrong_words(cordon, text):
                wrong.append(f"{path.name}:{line}: {said}: {text}")
    assert wrong == []


def test_the_table_of_clients_is_what_the_program_says(there, cordon):
    readme = (support.SOURCE / "README.md").read_text()
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \| `~/([^`]+)`.* \| (.*) \|$", readme)
    assert len(rows) == 7
    for client, file, entry in rows:
        done = subprocess.run(
            [cordon, "mcp", "config", client, "--root", "."],
            env={**there.environment, "HOME": str(there.cwd)}, cwd=there.cwd, capture_output=True, text=True,
        )
        assert done.returncode == 0 and f"{there.cwd}/{file};" in done.stderr, done
        if client == "codex":
            assert done.stdout.startswith("[mcp_servers.cordon]"), done
            continue
        value = json.loads(done.stdout)
        (table,) = value
        more = [f'"{key}": "{value[table]["cordon"][key]}"' for key in ("type", "source")
                if key in value[table]["cordon"]]
        assert re.findall(r"`([^`]+)`", entry) == [table, *more]


@pytest.mark.parametrize("named", ["as on PATH", "by its file"])
def test_the_example_of_a_client_finds_cordon(cordon, settled, tmp_path, named):
    examples = support.SOURCE / "examples"
    words = ["cordon" if named == "as on PATH" else cordon, examples / "hello.py"]
    done = subprocess.run([sys.executable, examples / "client.py", *words], env=settled[0], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["end"] == "exited"
