# SPDX-License-Identifier: Apache-2.0
"""What a script finds in the box, and what the host finds of the script."""

import ctypes
import json
import os
import shutil
import stat
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import support

MANY = 1000 if os.environ.get("FULL") else 300
as_root = pytest.mark.skipif(not support.ROOT, reason="only root can make files of another owner")


@pytest.fixture
def marker():
    """A duration for sleep that no other process on this host is given."""
    return f"3{uuid.uuid4().int % 10**6}.{uuid.uuid4().int % 10**9:09}"


# --- seen from inside ---------------------------------------------------------------------------


def test_every_door_is_closed(python):
    result = python("print(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in result.out.splitlines() if ":\t" in line)
    assert status["Seccomp"] == "2"
    assert status["NoNewPrivs"] == "1"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()


def test_a_command_gets_the_same_box(run):
    result = run(
        "exec", "--", "/bin/grep", "-E", "^(Seccomp|NoNewPrivs|CapBnd):", "/proc/self/status"
    )
    assert result.exit == 0, result.err
    assert result.out.split() == ["CapBnd:", "0" * 16, "NoNewPrivs:", "1", "Seccomp:", "2"]


def test_only_the_box_is_in_proc(python):
    result = python(
        "import os\n"
        "names = os.listdir('/proc')\n"
        "print([int(name) for name in names if name.isdigit()], os.getpid(), os.getppid())\n"
        "print([name for name in ('sys', 'kallsyms', 'keys', 'kcore') if name in names])\n"
    )
    assert result.exit == 0, result.err
    visible, pids = result.out.splitlines()[0].rsplit("]", 1)
    assert len(json.loads(visible + "]")) <= 2
    assert all(int(pid) < 100 for pid in pids.split()), "a pid of the host's"
    assert result.out.splitlines()[1] == "[]"


def test_a_script_has_three_descriptors(python):
    code = "import os; print([fd for fd in range(4096) if os.path.exists(f'/proc/self/fd/{fd}')])"
    assert python(code).out == "[0, 1, 2]\n"


def test_the_hosts_files_are_not_there(python, at_home):
    (at_home / "id_test").write_text("secret")
    result = python(
        "import os, sys, json\n"
        "seen = {}\n"
        "for top in sys.argv[1:]:\n"
        "    for where, _, files in os.walk(top):\n"
        "        seen.setdefault(top, []).extend(os.path.join(where, file) for file in files)\n"
        "print(json.dumps([seen.get(top, []) for top in sys.argv[1:]]))\n"
        "print(sys.base_prefix)",
        arguments=[at_home, "/root", "/home", "/var", "/srv", "/mnt", "/boot", "/sys"],
    )
    assert result.exit == 0, result.err
    seen, prefix = result.out.splitlines()
    for files in json.loads(seen):
        # Of a home at most the interpreter that runs the script.
        assert [file for file in files if not file.startswith(prefix + "/")] == []


def test_etc_is_made_and_not_the_hosts(python):
    result = python(
        "import os; print(*os.listdir('/etc'), sep='\\n'); print(open('/etc/passwd').read())"
    )
    assert result.exit == 0, result.err
    assert "shadow" not in result.out.split()
    assert "machine-id" not in result.out.split()
    accounts = [line.split(":")[0] for line in result.out.splitlines() if line.count(":") == 6]
    assert set(accounts) <= {"root", "user", "nobody"}


def test_the_environment_is_made_and_not_the_callers(python):
    result = python(
        "import os, json; print(json.dumps(dict(os.environ)))",
        env={"CANARY": "x", "AWS_SECRET_ACCESS_KEY": "y"},
    )
    found = result.json()
    assert "CANARY" not in found and "AWS_SECRET_ACCESS_KEY" not in found
    assert not [
        name for name in found if name.startswith(("CORDON_STATE", "CORDON_UV", "UV_", "SSL_CERT"))
    ]
    assert found["PYTHONUNBUFFERED"] == "1"
    assert found["LANG"] == "C.UTF-8"
    assert found["HOME"] == "/box/home"


def test_each_box_has_a_name_and_an_ipc_namespace_of_its_own(python):
    result = python(
        "import socket, os; print(socket.gethostname(), os.readlink('/proc/self/ns/ipc'))"
    )
    name, ipc = result.out.split()
    assert name != os.uname().nodename
    assert ipc != os.readlink("/proc/self/ns/ipc")


def test_nothing_stays_in_tmp(python):
    assert python("open('/tmp/left', 'w'); open('/dev/shm/left', 'w')").exit == 0
    result = python("import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'))")
    assert "left" not in result.out


# --- seen from outside --------------------------------------------------------------------------


def test_a_payload_is_never_the_hosts_root(start, marker):
    process = start("exec", "--", "/bin/sleep", marker)
    support.soon(
        lambda: [
            pid
            for pid in support.alive(marker)
            if "cordon" not in support.processes().get(pid, "cordon")
        ]
    )
    (payload,) = [
        pid for pid, line in support.processes().items() if marker in line and "cordon" not in line
    ]
    uids = support.status(payload)["Uid"].split()
    if support.ROOT:
        assert "0" not in uids
    else:
        assert set(uids) == {str(os.getuid())}
    for kind in ("user", "mnt", "pid", "net", "ipc", "uts"):
        if support.ROOT:  # a user may not look into a process that is not dumpable to them
            assert os.readlink(f"/proc/{payload}/ns/{kind}") != os.readlink(
                f"/proc/self/ns/{kind}"
            ), kind
    process.kill()


def written(result, file):
    assert result.exit == 0, result.err
    found = file.stat()
    assert stat.S_IMODE(found.st_mode) & 0o7000 == 0
    return found.st_uid, found.st_gid


WRITE = "import os; open('made', 'w').close(); os.mkdir('dir'); open('dir/in', 'w').close()"


def test_files_belong_to_the_owner_of_the_workspace(python, workspace):
    owner = workspace.stat()
    assert written(python(WRITE, "--directory", workspace), workspace / "made") == (
        owner.st_uid,
        owner.st_gid,
    )
    assert (workspace / "dir/in").stat().st_uid == owner.st_uid


@as_root
def test_files_belong_to_the_owner_of_somebody_elses_workspace(python, workspace):
    os.chown(workspace, 12345, 12346)
    workspace.parent.chmod(0o755)
    assert written(python(WRITE, "--directory", workspace), workspace / "made") == (12345, 12346)


def test_the_workspace_is_at_its_own_path(python, workspace):
    (workspace / "data").write_text("here")
    result = python("import os; print(os.getcwd(), open('data').read())", "--directory", workspace)
    assert result.out == f"{workspace} here\n", result.err


# --- ends ---------------------------------------------------------------------------------------

FAMILY = """
import subprocess, sys, time
for _ in range(4):
    subprocess.Popen(['/bin/sleep', sys.argv[1]], start_new_session=True)
stubborn = 'trap "" TERM INT HUP; (setsid /bin/sleep "$0" &); exec /bin/sleep "$0"'
subprocess.Popen(['/bin/sh', '-c', stubborn, sys.argv[1]])
print('ready', flush=True)
time.sleep(600)
"""
FAMILY_SIZE = 6
# What is promised is a tenth of a second, of a machine that has nothing else to do.
GONE_WITHIN = 0.1 if os.environ.get("FULL") else 5


def family(marker):
    """The sleepers; cordon's own command lines hold the marker too."""
    return [
        pid for pid, line in support.processes().items() if line.startswith("/bin/sleep " + marker)
    ]


def all_there(marker):
    support.soon(lambda: len(family(marker)) == FAMILY_SIZE)


def none_left(marker):
    taken = support.eventually(lambda: not family(marker), 60)
    assert taken is not None, "they live on"
    assert taken <= GONE_WITHIN, f"they lived on for {taken * 1000:.0f} ms"


def test_nobody_outlives_the_time_limit(python, marker):
    def attempt(seconds):
        result = python(FAMILY, "--timeout", f"{seconds}s", arguments=[marker])
        assert family(marker) == []
        return result

    seconds, result = support.limited(attempt, lambda result: result.out)
    assert result.exit == 124
    assert result.out == "ready\n"
    assert result.err.rstrip().endswith(f"[TIMEOUT] wall limit of {seconds} s reached")


def test_nobody_outlives_the_script(python, marker):
    result = python(FAMILY.replace("time.sleep(600)", "sys.exit(3)"), arguments=[marker])
    assert family(marker) == []
    assert result.exit == 3


def test_nobody_outlives_the_end_of_the_command(start, marker):
    process = start("run", "-c", FAMILY, marker)
    all_there(marker)
    process.kill()
    process.wait()
    none_left(marker)


def test_nobody_outlives_the_supervisor_at_the_command_line(start, marker):
    process = start("run", "-c", FAMILY, marker)
    all_there(marker)
    assert process.stdout.readline() == b"ready\n"
    (sandbox,) = support.children(process.pid)
    os.kill(sandbox, 9)
    none_left(marker)
    result = support.finish(process)
    assert (result.exit, result.out) == (125, "")


def test_interrupting_twice_ends_everybody(start, marker):
    """The first is the script's to handle; here it does, and goes on."""
    handler = "import signal; signal.signal(2, lambda *_: print('once', flush=True))\n"
    process = start("run", "-c", handler + FAMILY, marker)
    all_there(marker)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(2)
    assert process.stdout.readline() == b"once\n"
    assert len(family(marker)) == FAMILY_SIZE
    process.send_signal(2)
    result = support.finish(process)
    assert family(marker) == []
    assert result.exit == 130


@pytest.fixture
def family_call(serve, marker):
    """A server with that family running in call 7."""
    client = serve()
    asked = {"script_content": FAMILY, "args": [marker], "env_vars": support.IN_COMMAND_LINE}
    client.start_call(7, "py_run_script_with_dependencies", **asked)
    all_there(marker)
    return client


def test_nobody_outlives_a_cancelled_call(family_call, marker):
    family_call.send(method="notifications/cancelled", params={"requestId": 7, "reason": "enough"})
    none_left(marker)
    assert "result" in family_call.request(8, "ping")
    assert 7 not in family_call.replies


def test_nobody_outlives_the_client(family_call, marker):
    family_call.process.stdin.close()
    none_left(marker)
    assert family_call.process.wait(60) == 0


def test_nobody_outlives_the_front(family_call, marker):
    family_call.process.kill()
    none_left(marker)
    family_call.process.wait()


def test_nobody_outlives_the_gate(family_call, marker):
    (gate,) = support.children(family_call.pid)
    os.kill(gate, 9)
    none_left(marker)


def test_nobody_outlives_the_supervisor_and_the_server_goes_on(family_call, marker):
    (gate,) = support.children(family_call.pid)
    # The gate may have helpers; the supervisor is the one with the box below it.
    (supervisor,) = [
        pid
        for pid in support.children(gate)
        if set(family(marker)) <= set(support.descendants(pid))
    ]
    os.kill(supervisor, 9)
    none_left(marker)
    reply = family_call.reply(7)
    assert reply["result"]["isError"] is True
    assert reply["result"]["structuredContent"]["end"] == "fault"
    # What it used nobody knows any more.
    assert set(reply["result"]["structuredContent"]["usage"]) == {"phases"}
    after = family_call.call(
        8, "py_run_script_with_dependencies", script_content="print('still here')"
    )
    assert after["structuredContent"]["stdout"] == "still here\n"


@pytest.fixture
def orphans():
    """orphans() -> what runs that was started here and that nobody else cares for any more."""
    reaper = 36  # PR_SET_CHILD_SUBREAPER: whoever loses its parent becomes our child
    libc = ctypes.CDLL(None)
    assert libc.prctl(reaper, 1, 0, 0, 0) == 0
    before = set(support.descendants(os.getpid()))

    def orphans():
        ours = set(support.descendants(os.getpid())) - before
        return {pid: line for pid, line in support.processes().items() if line and pid in ours}

    yield orphans
    libc.prctl(reaper, 0, 0, 0, 0)


def test_many_boxes_leave_nothing(run, orphans):
    run("exec", "--", "/bin/true")  # what is made once is made
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")

    def box(_):
        return run("exec", "--", "/bin/true").exit

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(box, range(MANY))) == {0}
    # A namespace lives as long as a process in it or a mount of it.
    support.soon(lambda: not orphans())
    assert Path("/proc/self/mountinfo").read_text().count("\n") == mounts


# --- useful work --------------------------------------------------------------------------------

USEFUL = sorted((Path(__file__).parent / "useful").glob("*.py"))


def wishes(program):
    """What the second line of a program asks for: `# with: PACKAGES` or `# directory`."""
    wish = program.read_text().splitlines()[1].removeprefix("# ")
    return wish.removeprefix("with: ").split() if wish.startswith("with: ") else [], (
        wish == "directory"
    )


@pytest.mark.parametrize("program", USEFUL, ids=lambda path: path.stem)
def test_useful_work(program, run, workspace):
    packages, directory = wishes(program)
    options = [word for package in packages for word in ("--with", package)]
    if directory:
        shutil.copy(program, workspace)
        options += ["--directory", workspace]
        program = workspace / program.name
    result = run("run", *options, program, timeout=600)
    if result.exit == 1 and result.err.startswith("skip: "):
        pytest.skip(result.err.strip().removeprefix("skip: "))
    assert (result.exit, result.out) == (0, "190\n"), result.err


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method, python):
    code = (
        "import multiprocessing as m, os\n"
        "def square(n): return n * n, os.getpid()\n"
        "if __name__ == '__main__':\n"
        f"    m.set_start_method('{method}')\n"
        "    with m.Pool(3) as pool:\n"
        "        print(sum(n for n, _ in pool.map(square, range(10))))\n"
    )
    result = python(code)
    assert (result.exit, result.out) == (0, "285\n"), result.err


# Together, and the same in test_environments: one environment serves all.
POPULAR = [word for name in ("numpy", "pandas", "requests", "rich") for word in ("--with", name)]


def test_numpy_and_pandas(python):
    code = (
        "import numpy, pandas\n"
        "a = numpy.random.default_rng(1).random((300, 300)); numpy.linalg.svd(a)\n"
        "frame = pandas.DataFrame({'a': range(20)}); frame.to_csv('/tmp/x.csv')\n"
        "print(pandas.read_csv('/tmp/x.csv')['a'].sum())"
    )
    result = python(code, *POPULAR, timeout=600)
    assert (result.exit, result.out) == (0, "190\n"), result.err


def test_requests_and_rich(python):
    code = (
        "import http.server, threading, requests, rich\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "answer = requests.get(f'http://127.0.0.1:{server.server_port}/')\n"
        "rich.print(f'[bold]{answer.status_code}')\n"
        "server.shutdown()"
    )
    result = python(code, *POPULAR, timeout=600)
    assert (result.exit, result.out) == (0, "200\n"), result.err


def test_a_script_with_a_dependency_has_no_network(python):
    result = python(
        "import requests; requests.get('https://pypi.org/', timeout=5)", *POPULAR, timeout=600
    )
    assert result.exit == 1
    assert "ConnectionError" in result.err


# --- output -------------------------------------------------------------------------------------


def test_bytes_pass_through_unchanged(start):
    process = start(
        "run",
        "-c",
        "import sys\n"
        "sys.stdout.buffer.write(bytes(range(256)) * 400)\n"
        "sys.stderr.buffer.write(b'\\xff\\0')",
    )
    out, err = process.communicate(timeout=60)
    assert out == bytes(range(256)) * 400
    assert err == b"\xff\0"


def test_a_reader_that_goes_away_ends_the_script_as_a_pipe_would(cordon, state):
    """`cordon run ... | head -1` must not hang, nor go on for ever."""
    environment = support.clean_environment(CORDON_STATE=str(state))
    with subprocess.Popen(
        [cordon, "run", "-c", "while True: print('y' * 70)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout.readline() == b"y" * 70 + b"\n"
        process.stdout.close()
        assert process.wait(120) != 0


def test_whoever_stands_around_a_box_shows_its_own_words(cordon, marker, state):
    """cordon forks to be cordon-sandbox, whose list of arguments says so; and a script's arguments
    are seen at the script and at the command that was typed, nowhere else."""
    command = [cordon, "exec", "--no-server", "--", "/bin/sh", "-c", "echo up; read line", marker]
    with subprocess.Popen(
        command,
        env=support.clean_environment(CORDON_STATE=str(state)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as run:
        assert run.stdout.readline() == b"up\n"
        (supervisor,) = support.children(run.pid)
        (init,) = support.children(supervisor)
        (payload,) = support.children(init)
        lines = support.processes()
        run.communicate(b"\n", timeout=60)
    assert marker in lines[run.pid] and marker in lines[payload]
    for pid in supervisor, init:
        assert lines[pid].startswith("cordon-sandbox") and marker not in lines[pid]
