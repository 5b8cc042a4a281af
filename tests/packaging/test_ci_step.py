# SPDX-License-Identifier: Apache-2.0
"""The CI step on sample repositories, under runners as GitHub and GitLab have them."""

import contextlib
import functools
import hashlib
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import tarfile
import textwrap
import threading
from pathlib import Path

import pytest
import support
import world as small_internet
from ci_runners import (
    JOB_TOKEN,
    OWN_SECRET,
    RUNTIME_TOKEN,
    GitHub,
    GitLab,
    outputs_in,
    run_process,
    write_files,
)

# --- sample repositories -------------------------------------------------------------------------

# A Python project with a test suite.
SUITE = {
    "fraction.py": "def half(number):\n    return number / 2\n",
    "test_fraction.py": textwrap.dedent(
        """\
        import unittest
        from fraction import half

        class Halves(unittest.TestCase):
            def test_even(self):
                self.assertEqual(half(4), 2)

            def test_odd(self):
                self.assertEqual(half(3), 1.5)
        """
    ),
}

# A pull request that wants a token, in every way that it can think of; it prints what it found.
# TOKENS is what to look for, PLACES where a runner keeps things.
HOSTILE = {
    "steal.py": textwrap.dedent(
        """\
        import ctypes, glob, json, os, signal, socket, sys
        tokens, places = json.loads(sys.argv[1]), json.loads(sys.argv[2])
        loot = []

        def look(where, text):
            loot.extend(where for token in tokens if token in text)

        look("environment", "".join(f"{name}={value}" for name, value in os.environ.items()))
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                look("a process", open(path, errors="replace").read())
            except OSError:
                pass
        for place in places:
            for directory, _, files in os.walk(place):
                loot.append(f"saw {place}")
                for name in files:
                    try:
                        look("a file", open(os.path.join(directory, name), errors="replace").read())
                    except OSError:
                        pass
        try:
            open(".git/hooks-of-mine", "w").close()
            loot.append("wrote to .git")
        except OSError:
            pass
        try:
            socket.create_connection(("127.0.0.1", int(sys.argv[3])), 5).close()
            loot.append("reached the network")
        except OSError:
            pass
        ctypes.CDLL(None).syscall(101, 0, 0, 0, 0)  # ptrace on x86-64; elsewhere something harmless
        for name in ("cordon-report.json", "cordon-summary.md", "cordon.env", "report.json"):
            if not os.path.lexists(name):
                os.symlink(places[0] + "/planted", name)
        ears, mouth = os.pipe()
        daemon = os.fork()
        if daemon == 0:  # would wait for the next job
            os.setsid()
            signal.alarm(120)
            os.closerange(0, 3)
            os.read(ears, 1)
        print("daemon:", daemon)
        print("::stop-commands::mine")
        print("::mine::")
        print("::error title=forged::forged")
        print("::set-output name=exit-code::forged")
        print("loot:", json.dumps(sorted(set(loot))), flush=True)
        print("the end without its line", end="")
        os._exit(0)
        """
    )
}

# A build that fetches one thing, and tries for a second.
BUILD = {
    "build.sh": "set -e\nmkdir -p out\npython3 fetch.py http://web.test/part >out/part\n"
    "! python3 fetch.py http://other.test/telemetry\n",
    "fetch.py": "import sys, urllib.request\n"
    "print(urllib.request.urlopen(sys.argv[1], timeout=60).read().decode())\n",
}


# --- what is there to run ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(cordon, tmp_path_factory):
    """(path, SHA-256) of what a release is: the installed tree under one directory."""
    into = tmp_path_factory.mktemp("release")
    prefix = cordon.parent.parent
    if not (prefix / "share/cordon/policies").is_dir():
        prefix = into / "installed"
        words = ["cmake", "--install", str(cordon.parent), "--prefix", str(prefix)]
        subprocess.run(words, check=True, capture_output=True)
    path = into / "cordon.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for part in ("bin", "libexec", "share/cordon"):
            tar.add(prefix / part, f"cordon-0-linux-machine/{part}")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def github(tmp_path):
    return GitHub(tmp_path)


@pytest.fixture
def gitlab(tmp_path):
    return GitLab(tmp_path)


def levels(done):
    return [level for level, _ in done.annotations]


def steal(github, port):
    places = [github.temporary, github.home, github.action]
    return [
        "steal.py",
        json.dumps([JOB_TOKEN, RUNTIME_TOKEN, OWN_SECRET]),
        json.dumps([str(place) for place in places]),
        str(port),
    ]


def loot(log):
    return json.loads(re.search(r"loot: (.*)", log)[1])


def processes_with(word):
    """Of anybody: those whose command line has this word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(path)
    return found


@pytest.fixture
def listener():
    """A port of the host that takes connections: outside of a box it is reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# --- GitHub ---------------------------------------------------------------------------------------


def test_a_test_suite_runs_and_is_told_of(github, cordon):
    github.checkout(SUITE)
    done = github.run({"command": "python3 -m unittest -v\n", "program": str(cordon)})
    assert done.exit == 0, done.log
    assert "Ran 2 tests" in done.log and done.annotations == []
    assert done.outputs["exit-code"] == "0" and done.outputs["end"] == "exited"
    assert done.outputs["denied"] == "0"
    report = done.report()
    assert report["policy"] == "ci" and report["exit_code"] == 0
    assert os.path.dirname(done.outputs["report"]) == str(github.temporary)
    summary = done.summary
    assert summary.startswith("### ✅ cordon: `python3 -m unittest -v`")
    for part in ("| time | ", "| memory | ", "```mermaid", "script ", "Nothing was denied."):
        assert part in summary, summary
    # Nothing of the step's own stays behind.
    assert not [name for name in os.listdir(github.temporary) if name.startswith("cordon-step")]


def test_a_suite_that_fails_fails_the_step(github, cordon):
    github.checkout(SUITE | {"fraction.py": "def half(number):\n    return number // 2\n"})
    done = github.run({"command": "python3 -m unittest", "program": str(cordon)})
    assert done.exit == 1 and "FAILED (failures=1)" in done.log
    assert done.annotations == [("error", "it ended by itself with exit code 1")]
    assert done.outputs["exit-code"] == "1" and "### ❌" in done.summary


def test_a_hostile_pull_request_gets_nothing(github, cordon, listener):
    github.checkout(HOSTILE)
    words = steal(github, listener)
    write = github.home / "credentials"
    write.write_text(f"password {OWN_SECRET}\n")
    # Outside of a box it finds all of it, or what follows would prove nothing.
    _, log = run_process(["timeout", "60", "python3", *words], github.environment(), github.workspace)
    assert {"environment", "a process", "a file", "wrote to .git", "reached the network"} <= set(loot(log))
    os.kill(int(re.search(r"daemon: (\d+)", log)[1]), signal.SIGKILL)
    for name in os.listdir(github.workspace):
        if (github.workspace / name).is_symlink():
            (github.workspace / name).unlink()

    inputs = {"script": words[0], "arguments": "\n".join(words[1:]), "report": "report.json"}
    done = github.run(inputs | {"program": str(cordon)})
    assert done.exit == 0, done.log
    assert loot(done.log) == []
    assert [level for level in levels(done) if level != "warning"] == []
    assert "forged" not in str(done.annotations) + str(done.outputs)
    assert any("ptrace was denied" in text for _, text in done.annotations)
    assert "| syscall | `ptrace` | 1 |" in done.summary and int(done.outputs["denied"]) >= 1
    # The link that it left under the report's name led nowhere.
    assert not (github.temporary / "planted").exists()
    assert not (github.workspace / "report.json").is_symlink() and done.report()["exit_code"] == 0
    assert support.eventually(lambda: not processes_with(str(github.temporary)), 20) is not None


def test_a_build_that_needs_one_host_gets_that_one(github, archive):
    try:
        world = small_internet.World()
    except (OSError, small_internet.Unavailable) as error:
        pytest.skip(f"no network namespaces to be had here: {error}")

    def through(words, environment, directory):
        shell = ["sh", "-c", 'cd "$0" && exec "$@" 2>&1', directory, *words]
        status, out, _ = world.run(shell, environment)
        return status, out

    path, digest = archive
    github.checkout(BUILD)
    inputs = {"command": "sh build.sh", "archive": str(path), "sha256": digest}
    try:
        done = github.run(inputs | {"hosts": "web.test"}, through=through)
        hits, part = world.hits(), (github.workspace / "out/part").read_text()
        closed = github.run(inputs, through=through)
        assert world.hits() == []
    finally:
        world.close()
    assert done.exit == 0, done.log
    assert part == "hello from 203.0.113.80\n"
    assert hits == ["203.0.113.80 /part"]
    [(level, text)] = done.annotations
    assert level == "warning" and "the host other.test was denied once" in text
    assert "| host | `other.test` | 1 |" in done.summary
    assert closed.exit != 0


def test_a_limit_ends_it_and_is_told(github, cordon):
    github.checkout({"loop.py": "while True: pass\n"})
    done = github.run({"script": "loop.py", "cpu": "300ms", "program": str(cordon)})
    assert done.exit == 124 and done.outputs["end"] == "cpu"
    assert "its CPU time was used up (0.3 s)" in done.annotations[0][1]
    assert "`████████████████████████`" in done.summary


def test_a_summary_shows_names_as_characters(github, cordon):
    """What a script chose means nothing to Markdown, and nothing to the runner."""
    name = "x|`<b>%0A::error::forged.py"
    github.checkout({name: "import ctypes; ctypes.CDLL(None).syscall(101, 0, 0, 0, 0)\n"})
    done = github.run({"script": name, "program": str(cordon)})
    assert done.exit == 0, done.log
    assert done.summary.splitlines()[0] == "### ✅ cordon: `x???b??0A::error::forged.py`"
    assert levels(done) == ["warning"]


def test_a_variable_is_given_by_name_alone(github, cordon):
    names = "('A', 'B', 'DEPLOY_KEY')"
    github.checkout({"show.py": f"import os; print([n for n in {names} if n in os.environ])\n"})
    inputs = {"script": "show.py", "env": "A\nB=two words\n", "program": str(cordon)}
    done = github.run(inputs, env={"A": "1"})
    assert done.exit == 0 and "['A', 'B']" in done.log


def test_a_runner_that_cancels_ends_the_box(github, cordon):
    github.checkout({"x.py": "import signal\nprint('up', flush=True)\nsignal.pause()\n"})
    words, variables, _, _ = github.step({"script": "x.py", "program": str(cordon)})
    environment = github.environment() | variables
    with subprocess.Popen(
        words, env=environment, cwd=github.workspace, stdout=subprocess.PIPE, text=True
    ) as step:
        while step.stdout.readline() != "up\n":
            pass
        step.send_signal(signal.SIGINT)
        log = step.stdout.read()
    assert step.returncode == 130 and "::error title=cordon::" in log
    assert outputs_in(github.files["OUTPUT"].read_text())["exit-code"] == "130"


# --- what it refuses -----------------------------------------------------------------------------

REFUSED = [
    ({"env": "GITHUB_TOKEN"}, "GITHUB_TOKEN is the job's own"),
    ({"env": "ACTIONS_RUNTIME_TOKEN"}, "is the job's own"),
    ({"env": f"MINE=x{JOB_TOKEN}"}, "MINE has the value of GITHUB_TOKEN"),
    ({"env": "1A"}, "'1A' is no name of a variable"),
    ({"script": ""}, "exactly one of script and command"),
    ({"command": "true"}, "exactly one of script and command"),
    ({"directory": ".."}, "is not in the workspace"),
    ({"directory": "nowhere"}, "is no directory"),
    ({"hosts": "--policy=default"}, "is no host"),
    ({"with": "--index-url=x"}, "is no requirement"),
    ({"program": "cordon"}, "name it from / on"),
    ({"program": "", "archive": "/x"}, "archive and sha256 belong together"),
    ({"program": "", "archive": "/x", "sha256": "12"}, "64 hexadecimal digits"),
    ({"program": "", "archive": "/no/such", "sha256": "0" * 64}, "could not be fetched from /no/such"),
    ({"program": ""}, "is pinned here: give archive and sha256"),
    ({"timeout": "1m\n2m"}, "timeout is one line"),
    ({"policy": "mine.json"}, "policy: mine.json lies in what the contribution can change"),
    ({"policy": "./x.py"}, "policy: ./x.py lies in what the contribution can change"),
    ({"program": "WORKSPACE/x.py"}, "lies in what the contribution can change"),
    ({"python": "./x.py"}, "python: ./x.py lies in what the contribution can change"),
    ({"report": "../x.json"}, "is no file in the workspace"),
    ({"report": "a\nexit-code=0"}, "report is one line, without control characters"),
    ({"directory": "a\x1bb"}, "directory is one line, without control characters"),
]


@pytest.mark.parametrize("inputs, sentence", REFUSED, ids=lambda value: None)
def test_what_is_asked_wrongly_is_one_error(github, cordon, inputs, sentence):
    github.checkout({"x.py": "print('ran')\n"})
    inputs = {name: text.replace("WORKSPACE", str(github.workspace)) for name, text in inputs.items()}
    done = github.run({"script": "x.py", "program": str(cordon)} | inputs)
    assert done.exit == 125 and "ran" not in done.log.split()
    [(level, text)] = done.annotations
    assert level == "error" and sentence in text
    assert done.outputs == {"exit-code": "125", "end": "fault", "denied": "0", "report": ""}


UNRUN = [
    ({"policy": "nosuch"}, 125, "fault", "could not be run in a box"),
    ({"timeout": "99h"}, 126, "refused", "refused by the policy"),
]


@pytest.mark.parametrize("asked, status, end, words", UNRUN, ids=lambda value: None)
def test_what_was_not_run_is_told_like_any_other_end(github, cordon, asked, status, end, words):
    """Such a report has neither usage nor layers, and nothing that was denied."""
    github.checkout({"x.py": "print('ran')\n"})
    done = github.run({"script": "x.py", "program": str(cordon)} | asked)
    assert done.exit == status and "Traceback" not in done.log
    told = {name: done.outputs[name] for name in ("exit-code", "end", "denied")}
    assert told == {"exit-code": str(status), "end": end, "denied": "0"}
    assert done.report()["end"] == end
    [(level, text)] = done.annotations
    assert level == "error" and f"{words}: " in text
    assert words in done.summary and "denied" not in done.summary


def test_a_policy_is_the_file_that_was_judged(github, cordon):
    """Trusted in the workspace, and another of that name in the contribution below it."""
    trusted = json.loads((support.SOURCE / "policies/ci.json").read_text())
    lax = json.loads(json.dumps(trusted))
    lax["files"].append({"write": str(github.workspace / "policies")})
    files = {"policies/mine.json": json.dumps(trusted), "pr/policies/mine.json": json.dumps(lax)}
    github.checkout(files)
    planted = github.workspace / "policies/planted"
    inputs = {"command": f"echo x > {planted}", "directory": "pr", "program": str(cordon)}
    done = github.run(inputs | {"policy": "policies/mine.json"})
    assert not planted.exists()
    assert done.exit == 2 and done.report()["policy"] == trusted["name"], done.log


LINKED = [{"policy": "pr/mine.json"}, {"policy": "mine.json"}, {"program": "pr/sh"}]


@pytest.mark.parametrize("asked", LINKED, ids=str)
def test_a_link_of_the_contribution_names_no_policy_and_no_program(github, cordon, asked):
    """What it leads to lies elsewhere, and yet the contribution chose it; also where a link leads there."""
    github.checkout({"pr/x.py": "print('ran')\n", "lax.json": "{}"})
    (github.workspace / "pr/mine.json").symlink_to("../lax.json")
    (github.workspace / "mine.json").symlink_to("pr/mine.json")
    (github.workspace / "pr/sh").symlink_to("/bin/true")
    done = github.run({"script": "x.py", "directory": "pr", "program": str(cordon)} | asked)
    assert done.exit == 125
    assert "lies in what the contribution can change" in done.annotations[0][1]


@pytest.mark.parametrize("directory", ["pr/tests", "pr/tests/deep", "WORKSPACE/pr/tests"])
def test_a_link_does_not_choose_the_directory(github, cordon, directory):
    files = {"trusted/deploy.sh": "echo deployed\n", "trusted/deep/x": "", "pr/x": ""}
    github.checkout(files)
    (github.workspace / "pr/tests").symlink_to("../trusted")
    inputs = {"command": "echo 'echo PWNED' >deploy.sh", "program": str(cordon)}
    done = github.run(inputs | {"directory": directory.replace("WORKSPACE", str(github.workspace))})
    assert (github.workspace / "trusted/deploy.sh").read_text() == "echo deployed\n"
    assert done.exit == 125 and "leads through a link" in done.annotations[0][1]


def test_a_directory_may_be_named_from_the_root_on(github, cordon):
    github.checkout({"pr/x.py": "print('ran')\n"})
    inputs = {"script": "x.py", "directory": f"{github.workspace}/pr/", "program": str(cordon)}
    done = github.run(inputs)
    assert done.exit == 0 and "ran" in done.log.split()


FORGES = """\
d="$(printf 'r\\nexit-code=0\\nend=exited\\nx=')"
mkdir "$d"
ln -s "$d" reports
exit 7
"""


def test_no_name_forges_an_output(github, cordon):
    """A report's directory that the script made: a link, to a name that looks like outputs."""
    github.checkout({"x": ""})
    done = github.run({"command": FORGES, "report": "reports/out.json", "program": str(cordon)})
    assert done.outputs == {"exit-code": "7", "end": "exited", "denied": "0", "report": ""}
    assert done.exit == 125 and "out.json cannot be written" in done.annotations[-1][1]
    assert not list(github.workspace.glob("*/out.json"))


def test_a_report_takes_the_place_of_what_the_script_left_there(github, cordon):
    """A directory goes aside; one below a directory that the script made is written there."""
    github.checkout({"x": ""})
    inputs = {"command": "mkdir -p out/r.json/full", "report": "out/r.json", "program": str(cordon)}
    done = github.run(inputs)
    assert done.exit == 0 and done.outputs["report"] == str(github.workspace / "out/r.json")
    assert done.report()["exit_code"] == 0
    assert list(github.workspace.glob("out/r.json.*/full"))


def test_what_cordon_refuses_as_wrong_is_said_once_and_nothing_of_the_host(github, cordon):
    github.checkout({"x.py": "print('ran')\n"})
    done = github.run({"script": "x.py", "program": str(cordon), "timeout": "5"})
    assert done.exit == 125 and "ran" not in done.log.split()
    assert '"5" is not a duration' in done.log
    assert "What this host can enforce" not in done.log


def test_a_box_that_cannot_be_built_is_told_with_what_the_host_lacks(github, cordon):
    github.checkout({"x.py": "print('ran')\n"})
    done = github.run({"script": "x.py", "program": str(cordon), "python": "3.99"})
    assert done.exit == 125 and "ran" not in done.log.split()
    assert "What this host can enforce (cordon check):" in done.log
    assert (done.outputs["end"], done.outputs["denied"]) == ("fault", "0")
    [(level, text)] = done.annotations
    assert level == "error" and "python 3.99 is not on this host" in text


def test_a_token_that_checkout_left_is_refused(github, cordon):
    github.checkout({"x.py": "print('ran')\n"}, persist=True)
    done = github.run({"script": "x.py", "program": str(cordon)})
    assert done.exit == 125 and "ran" not in done.log.split()
    [(level, text)] = done.annotations
    assert level == "error" and ".git/config holds a credential" in text
    assert "persist-credentials: false" in text and JOB_TOKEN not in done.log


@pytest.mark.parametrize(
    "name, text",
    [
        (".git/modules/sub/config", '[remote "o"]\n\turl = https://x:secret@host/y\n'),
        ("mirror/config", "[http]\n\textraheader = AUTHORIZATION: basic x\n"),
        (".git/config", "#" * (2 << 20)),
        ("other/checkout/.git/config", "[http]\n\textraheader = AUTHORIZATION: basic x\n"),
        (".git/config.worktree", "[http]\n\textraHeader = Authorization: Bearer x\n"),
        (".git-credentials", "https://x:y@host\n"),
    ],
)
def test_credentials_in_other_places_are_found(github, cordon, name, text):
    github.checkout({"x.py": "print('ran')\n", "mirror/HEAD": "", "mirror/objects/x": ""})
    write_files(github.workspace, {name: text})
    done = github.run({"script": "x.py", "program": str(cordon)})
    assert done.exit == 125 and os.path.basename(name) in done.annotations[0][1]


GIT = [  # a line of .git/config, and whether whoever reads it has a credential
    ('[remote "o"]\n\turl = https://ghp_0123456789@github.com/o/r', True),
    ('[remote "o"]\n\turl = https://x:secret@host/y', True),
    ('[remote "o"]\n\turl = ftp://x:secret@host/y', True),
    ('[remote "o"]\n\turl = https://host/y?private_token=x', True),
    ('[url "https://ghp_0123456789@github.com/"]\n\tinsteadOf = https://github.com/', True),
    ('[http "https://h/"] extraheader = AUTHORIZATION: basic x', True),
    ('[http "https://h/"]\n\textraheader = X-Api-Token: x', True),
    ('[http]\n\tExtraHeader=Cookie: session=x', True),
    ('[http]\n\textraheader = \\\n Authorization: x', True),
    ('[http]\n\tsslKeyPasswd = x', True),
    ("[sendemail]\n\tsmtpPass = x", True),
    ("[credential] password = x", True),
    ("[credential]\n\thelper = !echo password=x", True),
    ('[credential]\n\thelper = "!f() { echo password=x; }; f"', True),
    ("[core]\n\tbare = false\n\tx = 1", False),
    ('[remote "o"]\n\turl = https://github.com/o/r\n\tfetch = +refs/heads/*:refs/remotes/o/*', False),
    ('[remote "o"]\n\turl = git@github.com:o/r', False),
    ('[remote "o"]\n\turl = ssh://git@github.com:22/o/r', False),
    ('[http "https://h/"]\n\textraheader =\n\tsslVerify = true', False),
    ("[http]\n\tsslCertPasswordProtected = true", False),
    ("[credential]\n\thelper = store\n\thelper =\n\tuseHttpPath = true", False),
    ("[user]\n\temail = x@example.org", False),
]


@pytest.mark.parametrize("text, found", GIT, ids=lambda value: None)
def test_gits_settings_are_read_as_git_reads_them(tmp_path, text, found):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text(text + "\n")
    look = "import sys; sys.path.insert(0, sys.argv[1]); import leaks; leaks.refuse(sys.argv[2], 'x')"
    words = [support.SYSTEM_PYTHON, "-IBc", look, support.SOURCE / "packaging/ci", tmp_path]
    status, log = run_process(words, support.clean_environment(), tmp_path)
    assert (status != 0) == found and ("holds a credential" in log) == found, log


def test_an_archive_that_is_not_the_pinned_one_is_not_unpacked(github, archive):
    path, digest = archive
    wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    github.checkout({"x.py": "print('ran')\n"})
    done = github.run({"script": "x.py", "archive": str(path), "sha256": wrong})
    assert done.exit == 125 and f"its SHA-256 is {digest}, not {wrong}" in done.annotations[0][1]


def test_an_address_is_fetched_and_a_contribution_lends_no_module(github, archive):
    """Over HTTP; and `hashlib.py` in the checkout is nobody's hashlib."""
    path, digest = archive
    trap = "raise SystemExit('the contribution was imported')\n"
    github.checkout({"x.py": "print('ran')\n", "hashlib.py": trap, "inputs.py": trap, "json.py": trap})

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=path.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_address[1]}/{path.name}"
        done = github.run(
            {"script": "x.py", "archive": where, "sha256": digest}, env={"no_proxy": "127.0.0.1"}
        )
        server.shutdown()
    assert done.exit == 0 and "ran" in done.log.split(), done.log


# --- GitLab ---------------------------------------------------------------------------------------


def test_the_component_runs_a_suite_from_an_archive(gitlab, archive):
    path, digest = archive
    gitlab.checkout(SUITE)
    command = 'python3 -m unittest\necho "$HOME" \'$CI_JOB_TOKEN\' "${DEPLOY_KEY-no key}"\n'
    done = gitlab.run({"command": command, "archive": str(path), "sha256": digest})
    assert done.exit == 0, done.log
    assert "/box/home $CI_JOB_TOKEN no key" in done.log
    assert done.outputs["CORDON_EXIT_CODE"] == "0" and done.outputs["CORDON_END"] == "exited"
    assert done.report()["policy"] == "ci" and "Nothing was denied." in done.summary


def test_the_component_refuses_a_token_in_an_address(gitlab, archive):
    path, digest = archive
    gitlab.checkout({"x.py": "print('ran')\n"}, token_in_url=True)
    done = gitlab.run({"script": "x.py", "archive": str(path), "sha256": digest})
    assert done.exit == 125 and "FF_GIT_URLS_WITHOUT_TOKENS" in done.log
    assert "ran" not in done.log.split() and JOB_TOKEN not in done.log


def test_the_component_judges_the_archive_first(gitlab, archive):
    gitlab.checkout({"x.py": "print('ran')\n"})
    done = gitlab.run({"script": "x.py", "archive": str(archive[0]), "sha256": "0" * 64})
    assert done.exit == 1 and "is not what was pinned" in done.log and "ran" not in done.log.split()
    nothing = gitlab.run({"script": "x.py"})
    assert nothing.exit == 1 and "give archive and sha256" in nothing.log


# What a script and a checkout may try under the names that GitLab collects; `cat` shows what is there.
TAKES = """\
cat cordon.env
for name in cordon.env cordon-summary.md cordon-report.json; do
    (printf 'CORDON_EXIT_CODE=0\\nPATH=/evil\\n' >$name) && echo wrote $name
    rm -rf $name && mkdir $name && echo took $name
    mv -f $name aside && echo moved $name
    ln -f $name linked && echo linked $name
done
chmod 555 .
exit 7
"""
NOT_RUN = {"CORDON_EXIT_CODE": "125", "CORDON_END": "fault", "CORDON_DENIED": "0"}


def gitlabs_step(gitlab, cordon, **given):
    """The step itself, without what cordon.yml does before it: (exit status, log, the variables)."""
    given = {f"CORDON_STEP_{name}": text for name, text in given.items()}
    environment = support.clean_environment(
        GITLAB_CI="true", CI_PROJECT_DIR=str(gitlab.project), CORDON_STEP_PROGRAM=str(cordon), **given
    )
    words = [support.SYSTEM_PYTHON, "-IB", str(support.SOURCE / "packaging/ci")]
    status, log = run_process(words, environment, gitlab.project)
    gitlab.project.chmod(0o755)
    assert not (gitlab.project / "cordon.env").is_symlink()
    rows = (gitlab.project / "cordon.env").read_text().splitlines()
    return status, log, dict(row.split("=", 1) for row in rows)


BEFORE = {
    "nothing": {},
    "file": {"cordon.env": "PATH=/evil\n"},
    "directories": {"cordon.env/x": "", "cordon-summary.md/x": ""},
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_what_later_jobs_get_is_not_the_scripts(gitlab, cordon, before):
    gitlab.checkout(before)
    status, log, rows = gitlabs_step(gitlab, cordon, COMMAND=TAKES)
    assert status == 7 and not re.search(r"^(wrote|took|moved|linked) ", log, re.M), log
    # What stands there meanwhile is what counts where the step itself is killed.
    assert "CORDON_EXIT_CODE=125\nCORDON_END=fault\n" in log
    assert rows == {"CORDON_EXIT_CODE": "7", "CORDON_END": "exited", "CORDON_DENIED": "0"}
    assert json.loads((gitlab.project / "cordon-report.json").read_text())["exit_code"] == 7
    assert (gitlab.project / "cordon-summary.md").read_text().startswith("### ❌")


@pytest.mark.parametrize("policy", ["ci", "data", "default", "web"])
def test_under_no_policy_a_script_writes_the_variables_of_later_jobs(gitlab, cordon, policy):
    gitlab.checkout({"x.py": "open('cordon.env', 'w').write('PATH=/evil')\n"})
    status, log, rows = gitlabs_step(gitlab, cordon, SCRIPT="x.py", POLICY=policy)
    assert status == 1 and "OSError" in log and rows["CORDON_EXIT_CODE"] == "1", log


def test_a_checkouts_variables_are_gone_where_the_step_fails_early(gitlab, cordon, archive):
    evil = {"cordon.env": "CORDON_EXIT_CODE=0\nPATH=/evil\n", "cordon-summary.md": "fine", "x.py": ""}
    gitlab.checkout(evil)
    status, _, rows = gitlabs_step(gitlab, cordon, SCRIPT="x.py", POLICY="nosuch")
    assert status == 125 and rows == NOT_RUN
    gitlab.checkout(evil)
    status, _, rows = gitlabs_step(gitlab, cordon, SCRIPT="x.py", POLICY="./mine.json")
    assert status == 125 and rows == NOT_RUN
    assert not (gitlab.project / "cordon-summary.md").exists()
    gitlab.checkout(evil)
    done = gitlab.run({"script": "x.py", "archive": str(archive[0]), "sha256": "0" * 64})
    assert done.exit == 1 and done.outputs == {} and done.summary == ""


# --- elsewhere ------------------------------------------------------------------------------------


def test_another_system_hears_it_in_lines(tmp_path, cordon):
    (tmp_path / "x.py").write_text("print('ran')\n")
    environment = support.clean_environment(CORDON_STEP_SCRIPT="x.py", CORDON_STEP_PROGRAM=str(cordon))
    words = [support.SYSTEM_PYTHON, "-IB", str(support.SOURCE / "packaging/ci")]
    status, log = run_process(words, environment, tmp_path)
    assert status == 0 and log.startswith("ran\n") and "### ✅ cordon: `x.py`" in log
