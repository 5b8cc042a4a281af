# SPDX-License-Identifier: Apache-2.0
"""`cordon run` and `exec` through a running server: what it takes, what it does not, and that
nobody can tell the one from the other but by the clock."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import support

USED, NOT_USED = "event=server-used", "event=server-not-used"
LOG = ("--log-level", "debug")
WAITS = "import sys; print('begun', flush=True); print(sys.stdin.read() + ' and ended')"


@pytest.fixture
def state(tmp_path):
    """Of each test, so that no other server answers."""
    return tmp_path / "state"


def hatches(state):
    """The sockets of servers that listen; one that does not yet has a dot before its name."""
    directory = Path(state, "gate/hatch")
    return [n for n in os.listdir(directory) if n[0] != "."] if directory.exists() else []


@pytest.fixture
def server(serve, state):
    """A server whose gate listens: until it does a run starts its own box, and rightly."""
    server = serve()
    support.soon(lambda: hatches(state))
    return server


def gate_of(server):
    (gate,) = support.children(server.pid)
    return gate


def used(result):
    assert (USED in result.err) != (NOT_USED in result.err), result.err
    return USED in result.err


def both(run, *words, **more):
    """The same through the server and without it, after it was seen which was which."""
    command, *rest = words
    theirs = run(command, *LOG, *rest, **more)
    ours = run(command, *LOG, "--no-server", *rest, **more)
    assert used(theirs) and not used(ours)
    for result in (theirs, ours):
        result.err = "".join(
            line for line in result.err.splitlines(keepends=True) if "event=server-" not in line
        )
    return theirs, ours


SAME = {
    "a status": ("run", "-c", "import sys; print(1); print(2, file=sys.stderr); sys.exit(7)"),
    "a signal": ("run", "-c", "import os; os.kill(os.getpid(), 9)"),
    "a time limit": ("run", "--timeout", "300ms", "-c", "print(1, flush=True)\nwhile True: pass"),
    "arguments and variables": (
        "run",
        *("--env", "X=1", "--env", "TZ=Asia/Tokyo", "-c"),
        "import os, sys; print(sys.argv, sorted(os.environ.items()))",
        *("--json", "y"),
    ),
    "strict": ("run", "--policy", "strict", "-c", "import os; print(sorted(os.environ.items()))"),
    "a command": ("exec", "--", "/bin/cat"),
    "no such command": ("exec", "--", "/none"),
    "a limit above the policy's": ("run", "--memory", "64G", "-c", "pass"),
    "a variable that is refused": ("run", "--policy", "strict", "--env", "X=1", "-c", "pass"),
    "no interpreter": ("run", "--python", "3.6", "-c", "pass"),
    "the limits": (
        "run",
        "-c",
        "import resource as r; print([r.getrlimit(i) for i in range(16)])",
    ),
    "the rights": (
        "run",
        "-c",
        "wanted = 'CapB CapP Uid: Grou SigI SigB SigC Secc'.split()\n"
        "print([line for line in open('/proc/self/status') if line[:4] in wanted])",
    ),
    "the descriptors": ("run", "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"),
}


def test_a_run_is_the_same_through_a_server(server, run):
    zone = {"TZ": ":/usr/share/zoneinfo/Europe/Berlin"}
    for what, words in SAME.items():
        theirs, ours = both(run, *words, env=zone, input=b"some\0bytes\xff")
        assert theirs == ours, what


def test_a_waiting_box_is_in_the_callers_zone(server, run):
    code = "import time; print(time.tzname, time.localtime(0).tm_hour)"
    for zone, said in (("UTC", "('UTC', 'UTC') 0\n"), ("Asia/Tokyo", "('JST', 'JST') 9\n")):
        for _ in range(3):  # the later ones find one waiting, if that was quick enough
            assert run("run", "-c", code, env={"TZ": zone}).out == said


def test_the_result_has_the_same_members(server, run):
    theirs, ours = both(run, "run", "--json", "-c", "print(1)")
    theirs, ours = theirs.json(), ours.json()
    assert "server" in ours["layers"].pop("start") and theirs["layers"].pop("start")
    assert theirs.keys() == ours.keys()
    for member in ("status", "stdout", "exit_code", "limits", "layers", "policy", "environment"):
        assert theirs.get(member) == ours.get(member), member
    assert theirs["usage"].keys() == ours["usage"].keys()


def test_a_directory_below_the_servers_roots_may_be_the_workspace(server, run, tmp_path):
    code = "import os; open('made', 'w').write(os.getcwd())"
    result = run("run", *LOG, "--directory", tmp_path, "-c", code)
    assert used(result) and result.exit == 0
    assert (tmp_path / "made").read_text() == str(tmp_path)
    assert (tmp_path / "made").stat().st_uid == os.getuid()


@pytest.fixture
def wider(tmp_path):
    """Directories and files that a client of the server could not name."""
    outside = tmp_path / "outside"
    outside.mkdir()
    support.policy_file(outside, "own")
    return outside


OWN_BOX = {
    "--read": ("--read", "OUTSIDE"),
    "--write": ("--write", "OUTSIDE"),
    "--allow-host": ("--allow-host", "example.org"),
    "a policy's file": ("--policy", "OUTSIDE/own.json"),
    "a policy that clients may not name": ("--policy", "ci"),
    "a policy of the operator's": ("--policies", "OUTSIDE", "--policy", "own"),
    "a directory outside its roots": ("--directory", "OUTSIDE"),
    "an interpreter by path": ("--python", support.SYSTEM_PYTHON),
}


def test_what_a_client_could_not_have_starts_a_box_of_its_own(serve, state, run, wider):
    (wider.parent / "inside").mkdir()
    serve("--root", wider.parent / "inside")
    support.soon(lambda: hatches(state))
    for what, words in OWN_BOX.items():
        words = [word.replace("OUTSIDE", str(wider)) for word in words]
        result = run("run", *LOG, *words, "-c", "print('ran')")
        assert (used(result), result.exit, result.out) == (False, 0, "ran\n"), what


def test_where_something_else_is_in_force_it_starts_a_box_of_its_own(server, run, tmp_path):
    assert used(run("run", *LOG, "-c", "pass"))
    config = tmp_path / "config.json"
    config.write_text("{}")
    config.chmod(0o644)
    other = tmp_path / "policies"
    other.mkdir()
    support.policy_file(other, "default", purpose="another one of that name")
    for words, more in (
        (["--config", config], {}),
        (["--policies", other], {}),
        ([], {"env": {"UV_INDEX_URL": "https://index.example.org/simple"}}),
        ([], {"env": {"PATH": "/usr/bin:/bin"}}),
        ([], {"preexec_fn": lambda: os.nice(1)}),
    ):
        result = run("run", *LOG, *words, "-c", "print('ran')", **more)
        assert (used(result), result.out) == (False, "ran\n"), (words, more)
    assert used(run("run", *LOG, "-c", "pass", env={"SOMETHING": "else"}))


def test_input_comes_and_output_goes_as_it_is_written(server, start):
    process = start("run", *LOG, "-c", WAITS)
    assert process.stdout.readline() == b"begun\n"
    result = support.finish(process, b"x" * 100_000)
    assert used(result) and result.out == "x" * 100_000 + " and ended\n"


def test_signals_reach_the_script_and_a_second_interrupt_ends_it(server, start):
    code = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('TERM', flush=True))\n"
        "signal.signal(signal.SIGINT, lambda *_: print('INT', flush=True))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.01)\n"
    )
    process = start("run", *LOG, "-c", code)
    assert process.stdout.readline() == b"ready\n"
    for number, word in ((signal.SIGTERM, b"TERM\n"), (signal.SIGINT, b"INT\n")):
        process.send_signal(number)
        assert process.stdout.readline() == word
    process.send_signal(signal.SIGINT)
    result = support.finish(process)
    assert used(result) and result.exit == 130


def test_a_killed_command_line_ends_its_run(server, start):
    marker = f"hatch-{os.getpid()}-killed"
    script = f"echo begun; sleep 600 & : {marker}; wait"
    process = start("exec", *LOG, "--", "/bin/sh", "-c", script)
    assert process.stdout.readline() == b"begun\n"
    assert support.alive(marker)
    process.kill()
    process.communicate()
    support.soon(lambda: not support.alive(marker))


def test_a_job_is_recorded_as_ever(server, run):
    result = run("run", *LOG, "--job", "-c", "print('kept')")
    assert used(result)
    (line,) = [line for line in result.err.splitlines() if line.startswith("cordon: job ")]
    job = json.loads(run("jobs", "show", "--json", line.split()[-1]).out)["job"]
    assert job["status"] == "completed" and job["result"]["stdout"] == "kept\n"


def audited(state):
    log = Path(state, "gate/audit.log")
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_the_log_says_that_it_was_a_person(server, run, state):
    both(run, "run", "-c", "print(1)")
    theirs, ours = audited(state)
    assert theirs.keys() == ours.keys()
    for member in ("by", "principal", "user", "tool", "kind", "sha256", "policy", "end"):
        assert theirs[member] == ours[member], member
    assert theirs["by"] == "operator"


@pytest.mark.parametrize("how", ["its input ends", "SIGTERM", "SIGKILL", "its gate is killed"])
def test_a_run_outlives_the_server_that_took_it(server, state, start, run, how):
    process = start("run", *LOG, "-c", WAITS)
    assert process.stdout.readline() == b"begun\n"
    if how == "its input ends":
        server.process.stdin.close()
    elif how == "its gate is killed":
        os.kill(gate_of(server), signal.SIGKILL)
    else:
        server.process.send_signal(getattr(signal, how))
    server.process.wait(60)
    for thread in server.threads:  # nothing of a run that goes on holds what a client waits for
        thread.join(60)
        assert not thread.is_alive()
    result = support.finish(process, b"read")
    assert (used(result), result.exit, result.out) == (True, 0, "read and ended\n")
    again = run("run", *LOG, "-c", "print('ran')")
    assert (USED in again.err, again.out) == (False, "ran\n")
    support.soon(lambda: hatches(state) == [])


def test_a_run_whose_supervisor_is_killed_says_so_once(server, state, start):
    process = start("exec", *LOG, "--", "/bin/sh", "-c", "echo begun; read nothing")
    assert process.stdout.readline() == b"begun\n"
    # Another may be making a box for the next one by now, with nothing in it but pid 1.
    supervisors = support.children(gate_of(server))
    (supervisor,) = [pid for pid in supervisors if len(support.descendants(pid)) > 1]
    os.kill(supervisor, signal.SIGKILL)
    result = support.finish(process)
    assert used(result) and result.exit == 125 and "the supervisor died" in result.err
    support.soon(lambda: audited(state))
    (line,) = audited(state)
    assert line["end"] == "fault" and line["by"] == "operator"


def test_a_server_that_has_been_stopped_keeps_nobody(server, run):
    gate = gate_of(server)
    os.kill(gate, signal.SIGSTOP)
    try:
        result = run("run", *LOG, "-c", "print('ran')")
    finally:
        os.kill(gate, signal.SIGCONT)
    assert (used(result), result.out) == (False, "ran\n")
    assert used(run("run", *LOG, "-c", "pass"))


def test_many_at_once_are_all_served(server, run):
    def one(number):
        return run("run", "-c", f"print({number})")

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(48)))
    assert [(r.exit, r.out) for r in results] == [(0, f"{n}\n") for n in range(48)]
    assert server.call(1, "py_run_script_in_dir", directory="/tmp", script_content="print(1)")


def test_several_servers_of_one_state_are_asked_in_turn(serve, state, run, wider):
    (wider / "deep").mkdir()
    serve("--root", wider)
    serve("--root", wider / "deep")
    support.soon(lambda: len(hatches(state)) == 2)
    assert used(run("run", *LOG, "--directory", wider, "-c", "pass"))
    assert used(run("run", *LOG, "--directory", wider / "deep", "-c", "pass"))
