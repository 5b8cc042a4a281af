# SPDX-License-Identifier: Apache-2.0
"""`cordon policy`: what a person is told is what a box does."""

import json
import platform
import re
import signal
import subprocess

import pytest
import support

SHIPPED = ["ci", "data", "default", "fetch", "strict", "web"]


def test_list_names_what_is_shipped(run):
    result = run("policy", "list")
    assert result.exit == 0
    assert re.findall(r"^(\S+)", result.out, re.MULTILINE) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_policy_is_in_order(run, name):
    result = run("policy", "check", support.SOURCE / "policies" / f"{name}.json")
    assert result.exit == 0
    assert re.fullmatch(rf"\S+: ok, policy {name}, \d+ instructions\n", result.out)


def test_default_reaches_at_most_230_system_calls(run):
    shown = run("policy", "show", "default").out
    assert int(re.search(r"^system calls: (\d+) can be reached", shown, re.MULTILINE)[1]) <= 230


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "fetch"])
def test_every_policy_that_can_be_named_runs_a_script(python, name):
    result = python("print(sum(range(10)))", "--policy", name)
    assert (result.exit, result.out) == (0, "45\n"), result.err


# --- a name, or a file ------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    """A policy of one's own, which no directory of policies has."""
    policy = json.loads((support.SOURCE / "policies/default.json").read_text())
    policy["name"] = "own"
    policy["limits"]["wall"] = "7s"
    policy["require"] = ["seccomp"]
    path = tmp_path / "own.json"
    path.write_text(json.dumps(policy))
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("named", ["own.json", "./own.json"])
def test_a_slash_or_json_at_the_end_is_a_file_to_every_command(run, own, named):
    def done(*words):
        result = run(*words, cwd=own.parent)
        assert result.exit == 0, result.err
        return result.out

    assert "wall 7s" in re.sub(r" +", " ", done("policy", "show", named))
    assert "ptrace" in done("policy", "explain", named, "ptrace")
    assert "7s" in run("policy", "diff", "default", named, cwd=own.parent).out
    assert "own requires holds here" in done("check", "--policy", named)
    assert json.loads(done("check", "--json", "--policy", named))["policy"] == "own"
    assert done("run", "--policy", named, "--timeout", "6s", "-c", "print(1)") == "1\n"
    learnt = run("policy", "learn", "--policy", named, "--", "/bin/true", cwd=own.parent)
    assert learnt.exit == 0, learnt.err


def test_a_file_that_is_not_there_is_said_to_be_none(run, tmp_path):
    for words in (["policy", "show", "no.json"], ["check", "--policy", "no.json"]):
        result = run(*words, cwd=tmp_path)
        assert result.exit == 125
        assert "no.json" in result.err and "no policy is named" not in result.err


# --- explain ------------------------------------------------------------------------------------


def explained(run, *words):
    result = run("policy", "explain", *words)
    assert result.exit == 0, result.err
    assert result.err == ""
    return result.out


def test_the_line_that_is_named_is_the_rule(run):
    text = (support.SOURCE / "policies/default.json").read_text().splitlines()
    shown = explained(run, "default", "personality")
    rules = [text[int(line) - 1] for line in re.findall(r"^  line (\d+)", shown, re.MULTILINE)]
    assert len(rules) == 2
    assert all('"personality"' in rule for rule in rules)


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/usr/bin/env", True),
        ("/bin/sh", True),
        ("/etc/passwd", True),
        ("/tmp", True),
        ("/dev/null", True),
        ("/box/home", True),
        ("/etc/shadow", False),
        ("/root", False),
        ("/home", False),
        ("/var/lib", False),
        ("/dev/mem", False),
        ("/sys", False),
    ],
)
def test_a_path_is_explained_as_a_box_sees_it(run, path, seen):
    shown = explained(run, "default", path)
    hidden = "does not exist" in shown or "not among" in shown
    inside = run("exec", "--", "/usr/bin/test", "-e", path).exit == 0
    assert (inside, hidden) == (seen, not seen), shown


@pytest.mark.parametrize("word", ["no_such_call", "", "a b", "../x"])
def test_what_is_unknown_is_said_in_one_line(run, word):
    result = run("policy", "explain", "default", word)
    assert result.exit == 125
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert result.err.startswith("cordon: ")


# --- diff ---------------------------------------------------------------------------------------


def test_a_policy_is_the_same_as_itself(run):
    result = run("policy", "diff", "default", support.SOURCE / "policies/default.json")
    assert (result.exit, result.out, result.err) == (0, "", "")


def test_a_difference_is_shown_with_status_1(run):
    result = run("policy", "diff", "strict", "default")
    assert result.exit == 1
    assert result.out.startswith("--- strict, ")
    assert "\n+++ default, " in result.out
    assert "  memory             512M -> 1G\n" in result.out
    assert "\n+ mode     rw\n" in result.out
    assert result.err == ""


# --- learn --------------------------------------------------------------------------------------

DENIED = """
import ctypes, os
libc = ctypes.CDLL(None)
for _ in range(1500): libc.syscall(BPF, 0, 0, 0)
try: os.chmod("/tmp", 0o4755)
except PermissionError: print("not setuid")
""".replace("BPF", str({"x86_64": 321, "aarch64": 280}[platform.machine()]))


def test_nothing_denied_is_nothing_proposed(run):
    result = run("policy", "learn", "--", "/bin/echo", "--state", "x")
    assert result.exit == 0
    assert "nothing was denied\n" in result.out
    assert result.err == "--state x\n"  # of the command; and its options are its own


def test_what_was_denied_is_proposed_and_allows_just_that(run, tmp_path):
    directory = tmp_path / "etc"
    directory.mkdir()
    copy = directory / "mine.json"
    text = (support.SOURCE / "policies/strict.json").read_text()
    copy.write_text(text.replace('"name": "strict"', '"name": "mine"'))
    copy.chmod(0o644)

    learn = ("policy", "learn", "--policy", copy, "--", support.SYSTEM_PYTHON, "-c", DENIED)
    result = run(*learn)
    assert result.exit == 1, result.err
    assert result.err == "not setuid\n"
    assert "bpf was denied, 1500 times\n" in result.out  # all of them, not the first thousand
    assert "chmod was denied, once\n" in result.out
    assert "no setuid, setgid or sticky file" in result.out  # the reason of the rule that said no
    assert '+      { "allow": "bpf", "why": "" },\n' in result.out
    assert copy.read_text() == text.replace('"name": "strict"', '"name": "mine"')  # not written

    # A person reads it, gives reasons, and patches.
    subprocess.run(["patch", "-s", str(copy)], input=result.out, text=True, check=True)
    refused = run("policy", "check", copy)
    assert refused.exit == 1
    assert "why: an empty string" in refused.err
    copy.write_text(copy.read_text().replace('"why": ""', '"why": "a test"'))
    copy.chmod(0o644)
    assert run("policy", "check", copy).exit == 0
    again = run(*learn)
    assert "denied, " not in again.out
    assert again.err == ""


def test_a_limit_that_was_reached_is_doubled(run):
    memory = run("policy", "learn", "--", support.SYSTEM_PYTHON, "-c", "bytearray(3 << 30)")
    assert memory.exit == 1
    assert '-    "wall": "300s", "cpu": "300s", "memory": "1G"' in memory.out
    assert '+    "wall": "300s", "cpu": "300s", "memory": "2G"' in memory.out


def test_a_host_that_was_refused_is_proposed(run):
    code = (
        "import urllib.request\n"
        "try: urllib.request.urlopen('http://example.com:8080/')\n"
        "except OSError: pass\n"
    )
    result = run("policy", "learn", "--policy", "web", "--", support.SYSTEM_PYTHON, "-c", code)
    assert result.exit == 1, result.err
    assert "example.com:8080 was refused, once\n" in result.out
    assert '"*.example.net", "example.com:8080"],\n' in result.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "usage: "),
        (["--"], "usage: "),
        (["true"], "usage: "),
        (["--policy", "strict", "true"], "usage: "),
        (["--polic", "strict", "--", "true"], "usage: "),
        (["--policy", "nosuch", "--", "true"], 'no policy is named "nosuch"'),
        (["--policy", "fetch", "--", "true"], "cannot be named"),
        (["--directory", "/no/such", "--", "true"], "/no/such: No such file"),
        (["--policy", "strict", "--directory", "/tmp", "--", "true"], "gives no workspace"),
        (["--", "no-such-command"], "no such command in the box"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_learnt_is_said_in_one_line(run, words, says):
    result = run("policy", "learn", *words)
    assert result.exit == 125
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert says in result.err


def test_an_interrupt_ends_the_command_and_still_says_what_was_learnt(start):
    code = DENIED + "print('up', flush=True)\nimport time\ntime.sleep(600)"
    process = start("policy", "learn", "--", support.SYSTEM_PYTHON, "-c", code)
    while process.stderr.readline() != b"up\n":
        pass
    process.send_signal(signal.SIGINT)
    result = support.finish(process)
    assert result.exit == 1
    assert "was stopped: cancelled\n" in result.out
    assert "chmod was denied, once\n" in result.out
