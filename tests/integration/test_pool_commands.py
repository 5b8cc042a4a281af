# SPDX-License-Identifier: Apache-2.0
"""`cordon exec` in boxes that stood before anybody knew the command: nothing but the time differs."""

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest

import support

# Everything a program can ask the kernel about itself and its box, but for numbers that no two have.
FACTS = r"""
import json, os, sys
def lines(path, drop=()):
    return [line for line in open(path) if not line.startswith(tuple(drop))]
volatile = ("Vm", "Rss", "Hugetlb", "voluntary", "nonvoluntary", "Cpus", "Mems", "x86", "untag")
print(json.dumps({
    "argv": sys.orig_argv, "environment": dict(os.environ), "cwd": os.getcwd(),
    "fds": {fd: os.fstat(int(fd)).st_mode >> 12 for fd in sorted(os.listdir("/proc/self/fd"))
            if os.path.exists("/proc/self/fd/" + fd)},
    "status": lines("/proc/self/status", volatile), "limits": lines("/proc/self/limits"),
    "cgroup": lines("/proc/self/cgroup"),
    "mounts": [line.split()[3:6] + line.split(" - ")[1].split()[:1] for line in
               lines("/proc/self/mountinfo")],
    "seen": {top: sorted(os.listdir(top)) for top in ("/", "/box", "/dev", "/etc", "/tmp")},
    "umask": os.umask(0o22), "session": os.getsid(0), "group": os.getpgrp(), "parent": os.getppid(),
    "priority": os.nice(0), "processors": len(os.sched_getaffinity(0)), "host": os.uname()[1],
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
}))
"""
# What reaches for pid 1, which has been there for longer; by name, how it ended.
REACH = r"""
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "")
def attempts():
    for name in ("environ", "mem", "maps", "root", "cwd", "exe", "stack", "syscall"):
        yield "read " + name, lambda: open("/proc/1/" + name).read(1)
    yield "its descriptors", lambda: os.listdir("/proc/1/fd")
    for number in range(12):
        yield f"steal {number}", lambda: call(438, os.pidfd_open(1), number, 0)  # pidfd_getfd
    for name in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"):
        yield "join " + name, lambda: call(308, os.open("/proc/1/ns/" + name, os.O_RDONLY), 0)  # setns
    yield "trace", lambda: call(101, 16, 1, 0, 0)  # PTRACE_ATTACH
    yield "limit", lambda: __import__("resource").prlimit(1, 0, (1, 1))
ended = {}
for name, attempt in attempts():
    try:
        attempt()
        ended[name] = "worked"
    except OSError as error:
        ended[name] = error.errno
print(json.dumps(ended))
"""
PYTHON = (support.SYSTEM_PYTHON, "-I", "-c")
NONE = "off: no box like it was waiting"


@pytest.fixture
def state(tmp_path):
    """Of each test, so that no other server answers."""
    return tmp_path / "state"


@pytest.fixture
def server(serve, state):
    server = serve()
    directory = Path(state, "gate/hatch")
    support.soon(lambda: directory.exists() and any(n[0] != "." for n in os.listdir(directory)))
    return server


@pytest.fixture
def execute(server, run):
    """execute(*WORDS, options=()) -> the result object of that command through the server."""

    def execute(*words, options=(), **more):
        result = run("exec", "--json", *options, "--", *words, **more).json()
        assert "without a server" not in result["layers"].get("start", ""), result
        return result

    return execute


@pytest.fixture
def warm(execute):
    """The same in a box that waited."""

    def warm(*words, **more):
        kept = []

        def attempt():
            kept.append(execute(*words, **more))
            return kept[-1]["layers"]["start"] == "on"

        support.eventually(attempt, 60)
        return kept[-1]

    return warm


def test_a_command_cannot_tell_that_its_box_was_there_before_it(execute, warm):
    words = (*PYTHON, FACTS, "a word", "")
    options = ("--env", "GIVEN=with spaces")
    fresh = execute(*words, options=options, input=b"")
    assert fresh["layers"]["start"] == NONE
    waited = warm(*words, options=options, input=b"")
    assert json.loads(waited["stdout"]) == json.loads(fresh["stdout"])
    assert json.loads(fresh["stdout"])["environment"]["GIVEN"] == "with spaces"
    for same in ("stderr", "limits", "policy", "end", "exit_code"):
        assert waited[same] == fresh[same], same
    estimated = {"peak_memory_at_least"}
    assert waited["usage"].keys() - estimated == fresh["usage"].keys() - estimated
    assert {**waited["layers"], "start": None} == {**fresh["layers"], "start": None}


def test_its_pid_1_is_out_of_reach_as_ever(execute, warm):
    fresh = json.loads(execute(*PYTHON, REACH)["stdout"])
    waited = json.loads(warm(*PYTHON, REACH)["stdout"])
    assert waited == fresh and "worked" not in waited.values()


def test_any_command_takes_the_box_that_waits(warm):
    assert warm("/bin/echo", "one")["stdout"] == "one\n"
    assert warm("cat", input=b"by its name\n")["stdout"] == "by its name\n"
    failed = warm("/bin/sh", "-c", "echo left >&2; exit 7")
    assert (failed["stderr"], failed["exit_code"]) == ("left\n", 7)
    killed = warm("/bin/sh", "-c", "kill -9 $$")
    assert (killed["end"], killed["signal"], killed["exit_code"]) == ("signalled", "SIGKILL", 137)
    count = ("/bin/sh", "-c", "echo $# ${#300}", "sh")
    assert warm(*count, *(["x" * 100] * 300))["stdout"] == "300 100\n"


def test_what_is_not_there_is_said_as_ever(execute, warm):
    fresh = execute("/none", "x")
    waited = warm("/none", "x")
    for same in ("end", "exit_code", "error", "stdout", "stderr"):
        assert waited[same] == fresh[same], same
    assert "/none" in waited["error"]
    assert "no-such-command" in warm("no-such-command")["error"]


def test_it_is_used_once(warm):
    leave = (
        "for d in /tmp /dev/shm $HOME; do ls -A $d; echo x >$d/left; done; "
        "echo /proc/[0-9]*; sleep 600 >/dev/null 2>&1 &"
    )
    for _ in range(3):
        assert warm("/bin/sh", "-c", leave)["stdout"] == "/proc/2\n"  # pid 1 is not to be seen


def test_limits_are_those_of_the_order(warm):
    slow = warm("/bin/sleep", "60", options=("--timeout", "200ms"))
    assert (slow["end"], slow["exit_code"], slow["limits"]["wall_seconds"]) == ("wall", 124, 0.2)
    busy = (*PYTHON, "while True: pass")
    spent = warm(*busy, options=("--cpu", "1s"))
    assert (spent["end"], spent["limits"]["cpu_seconds"]) == ("cpu", 1)
    limit = (*PYTHON, "import resource; print(resource.getrlimit(resource.RLIMIT_CPU))")
    assert warm(*limit, options=("--cpu", "5s"))["stdout"] == "(6, 6)\n"
    other = warm(*PYTHON, "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))")
    assert other["stdout"] == "(512, 512)\n"


def test_its_workspace_is_the_orders(execute, warm, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    options = ("--directory", str(work))
    made = warm("/bin/sh", "-c", "pwd; echo x > made; ls -A", options=options)
    assert made["stdout"] == f"{work}\nmade\n"
    assert (work / "made").stat().st_uid == os.getuid()
    assert [change["path"] for change in made.get("changes", [])] in ([], ["made"])
    support.soon(lambda: warm("/bin/true", options=options))
    work.rename(tmp_path / "gone")
    work.mkdir()
    assert execute("/bin/ls", "-A", options=options)["stdout"] == ""
    # What is protected where it has come meanwhile.
    warm("/bin/true", options=options)
    (work / ".git").mkdir()
    (work / ".git" / "config").write_text("mine")
    for _ in range(3):
        execute("/bin/sh", "-c", "echo theirs > .git/config", options=options)
    assert (work / ".git" / "config").read_text() == "mine"


def keepers(server):
    """The gate's children, with the pid 1 of the box of each."""
    gate = support.children(server.pid)[0]
    return {pid: support.children(pid) for pid in support.children(gate)}


def test_nothing_runs_in_a_box_that_waits_for_a_command(server, warm):
    warm("/bin/true")
    standing = []
    support.soon(lambda: standing.extend(c[0] for c in keepers(server).values() if c) or standing)
    assert [support.children(init) for init in standing] == [[] for _ in standing]


@pytest.mark.parametrize("victim", ["keeper", "pid 1"])
def test_a_box_that_dies_while_it_waits_costs_nobody_a_call(server, execute, warm, victim):
    warm("/bin/true")
    standing = []
    support.soon(
        lambda: standing.extend((k, c[0]) for k, c in keepers(server).items() if c) or standing
    )
    boxes = {init for _, init in standing}
    for keeper, init in standing:
        with contextlib.suppress(ProcessLookupError):  # one that has had its run is on its way
            os.kill(keeper if victim == "keeper" else init, signal.SIGKILL)
    support.soon(lambda: not support.parents().keys() & boxes)
    for _ in range(3):
        result = execute("/bin/echo", "ran")
        assert (result["status"], result["stdout"]) == ("completed", "ran\n"), result


def test_a_killed_command_line_ends_its_run(server, warm, start):
    marker = f"waited-{os.getpid()}-killed"
    warm("/bin/true")
    process = start("exec", "--", "/bin/sh", "-c", f"echo begun; sleep 600 & : {marker}; wait")
    assert process.stdout.readline() == b"begun\n"
    assert support.alive(marker)
    process.kill()
    process.communicate()
    support.soon(lambda: not support.alive(marker))


def test_what_the_policy_says_is_what_the_box_has(serve, state, run, tmp_path):
    """`strict` starts every box afresh, and the layer is not there at all."""
    serve()
    support.soon(lambda: Path(state, "gate/hatch").exists())
    for _ in range(3):
        result = run("exec", "--policy", "strict", "--json", "--", "/bin/true").json()
        assert result["exit_code"] == 0 and "start" not in result["layers"]
