# SPDX-License-Identifier: Apache-2.0
"""Boxes that stand ahead of their runs: nothing in them may differ from a fresh one but the time."""

import json
import os
import signal
from pathlib import Path

import pytest
import support

IN_DIR = "py_run_script_in_dir"

# Everything a script can ask its interpreter about itself.
FACTS = """
import builtins, json, os, sys
def frames():
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count
facts = {
    "argv": sys.argv, "orig_argv": getattr(sys, "orig_argv", None), "path": sys.path,
    "flags": str(sys.flags), "modules": sorted(sys.modules), "frames": frames(),
    "environment": dict(os.environ), "cwd": os.getcwd(), "file": __file__, "name": __name__,
    "main": sorted(vars(sys.modules["__main__"])), "builtins": sorted(vars(builtins)),
    "fds": sorted(os.listdir("/proc/self/fd")), "umask": os.umask(0o22), "pid": os.getpid(),
    "streams": [(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.seekable(), s.isatty())
                for s in (sys.stdin, sys.stdout, sys.stderr)],
    "limits": [line for line in open("/proc/self/limits") if "cpu time" not in line],
    "seen": sorted(os.listdir("/")) + sorted(set(os.listdir("/box")) - {"standing"}),
    "hooks": [str(hook).partition(" at 0x")[0] for hook in sys.path_hooks + sys.meta_path],
    "threads": len(os.listdir("/proc/self/task")),
}
print(json.dumps(facts))
"""


@pytest.fixture
def client(cordon, tmp_path):
    state, place = tmp_path / "state", tmp_path / "place"
    place.mkdir()
    environment = support.clean_environment(CORDON_STATE=str(state))
    client = support.RawClient([cordon, "serve", "--root", str(place)], environment, str(place))
    client.initialize()
    client.place = place
    client.number = 0
    yield client
    client.close()


def run(client, code, tool=IN_DIR, **more):
    client.number += 1
    if tool == IN_DIR:
        more.setdefault("directory", str(client.place))
    return client.call(client.number, tool, script_content=code, **more)["structuredContent"]


def started(result):
    return result["layers"]["start"]


def until(attempt):
    """What `attempt` gives as soon as that is something."""
    kept = []
    support.eventually(lambda: kept.append(attempt()) or kept[-1], 60)
    return kept[-1]


def warm(client, code, **more):
    """A result of a box that waited; what came before it may have been spawned."""

    def attempt():
        result = run(client, code, **more)
        assert result["status"] == "completed", result
        return result if started(result) == "on" else None

    return until(attempt)


def test_a_script_cannot_tell_from_its_interpreter_that_it_waited(client):
    fresh = run(client, FACTS)
    assert started(fresh) == "off: no box like it was waiting"
    waited = warm(client, FACTS)
    assert json.loads(waited["stdout"]) == json.loads(fresh["stdout"])
    assert waited["stderr"] == fresh["stderr"] == ""
    for same in ("limits", "policy", "execution_strategy", "end", "exit_code"):
        assert waited[same] == fresh[same]
    layers = {**waited["layers"], "start": None}
    assert layers == {**fresh["layers"], "start": None}


def test_what_a_script_raises_reads_as_from_a_fresh_one(client):
    code = "def f():\n    return 1 / 0\nf()\n"
    fresh = run(client, code)
    waited = warm(client, code)
    assert waited["stderr"] == fresh["stderr"]
    assert "ZeroDivisionError" in waited["stderr"] and waited["exit_code"] == 1
    assert warm(client, "import sys; sys.exit(7)")["exit_code"] == 7
    killed = warm(client, "import os; os.kill(os.getpid(), 9)")
    assert (killed["end"], killed["signal"], killed["exit_code"]) == ("signalled", "SIGKILL", 137)


def test_a_box_is_used_once(client):
    leave = (
        "import os\nfor place in ('/dev/shm', os.environ['HOME']):\n"
        "    print(os.listdir(place), os.stat(place).st_ino)\n"
        "    open(place + '/left', 'w').write('x')\n"
        "print(sorted(os.readlink('/proc/self/ns/' + n) for n in ('pid', 'net', 'ipc', 'user')))\n"
        "print(hash('x'))\n"
    )
    seen = [warm(client, leave)["stdout"].splitlines() for _ in range(3)]
    for lines in seen:
        assert [line.split()[0] for line in lines[:2]] == ["[]"] * 2
    assert len({lines[-1] for lines in seen}) == 3


def test_variables_come_with_the_order(client):
    code = "import os, sys, time; print(os.environ.get('GREETING'), time.tzname[0], hash('x'))"
    plain = warm(client, code)["stdout"].split()
    assert plain[:2] == ["None", "UTC"]
    given = warm(client, code, env_vars={"GREETING": "hello", "TZ": "Asia/Tokyo"})["stdout"]
    assert given.split()[:2] == ["hello", "JST"]
    # Those that an interpreter reads when it starts: it starts again, in the box that waited.
    seeded = {warm(client, code, env_vars={"PYTHONHASHSEED": "1"})["stdout"] for _ in range(2)}
    assert len(seeded) == 1
    spoken = warm(client, "import sys; print(sys.flags.optimize)", env_vars={"PYTHONOPTIMIZE": "2"})
    assert spoken["stdout"] == "2\n"


def test_input_comes_with_the_order(client):
    code = "import sys; print(repr(sys.stdin.read()), sys.stdin.name, sys.stdin.seekable())"
    fresh = run(client, code, stdin="zwölf\nlines")
    waited = warm(client, code, stdin="zwölf\nlines")
    assert waited["stdout"] == fresh["stdout"] == "'zwölf\\nlines' <stdin> False\n"


def test_limits_are_those_of_the_order(client):
    warm(client, "print(1)")
    busy = "while True: pass"
    slow = until(lambda: (r := run(client, busy, timeout_seconds=1)) and started(r) == "on" and r)
    assert (slow["end"], slow["exit_code"], slow["limits"]["wall_seconds"]) == ("wall", 124, 1)
    assert "[TIMEOUT] wall limit of 1 s reached" in slow["stderr"]
    spent = until(lambda: (r := run(client, busy, cpu_seconds=1)) and started(r) == "on" and r)
    assert spent["end"] == "cpu" and spent["limits"]["cpu_seconds"] == 1
    used = spent["usage"]["cpu_user_seconds"] + spent["usage"]["cpu_system_seconds"]
    assert used >= 1
    limit = "import resource; print(resource.getrlimit(resource.RLIMIT_CPU))"
    assert warm(client, limit, cpu_seconds=5)["stdout"] == "(6, 6)\n"


def test_another_directory_is_another_box(client, tmp_path):
    code = "import os; print(os.getcwd(), sorted(os.listdir('.')))"
    warm(client, code)
    other = client.place / "other"
    other.mkdir()
    assert warm(client, code, directory=str(other))["stdout"] == f"{other} []\n"
    # In place of the one that was there: nothing of that is shown.
    (other / "old").write_text("x")
    other.rename(client.place / "gone")
    other.mkdir()
    replaced = run(client, code, directory=str(other))
    assert replaced["stdout"] == f"{other} []\n"
    assert started(replaced) != "on"


def test_what_a_policy_shows_is_what_is_there_now(cordon, tmp_path):
    place, shown, policies = (tmp_path / name for name in ("place", "shown", "policies"))
    for directory in (place, shown, policies):
        directory.mkdir()
    files = json.loads((support.SOURCE / "policies/default.json").read_text())["files"]
    files.append({"read": str(shown), "why": "what this test replaces"})
    support.policy_file(policies, "default", files=files)
    environment = support.clean_environment(CORDON_STATE=str(tmp_path / "state"))
    command = [cordon, "serve", "--root", str(place), "--policies", str(policies)]
    client = support.RawClient(command, environment, str(place))
    client.initialize()
    client.place, client.number = place, 0
    code = f"import os; print(os.listdir({str(shown)!r}))"
    assert warm(client, code)["stdout"] == "[]\n"
    (shown / "old").touch()
    assert warm(client, code)["stdout"] == "['old']\n"
    shown.rename(tmp_path / "gone")
    shown.mkdir()
    replaced = run(client, code)
    assert (replaced["stdout"], started(replaced) == "on") == ("[]\n", False)
    client.close()


def test_what_the_script_writes_stays(client):
    for number in range(3):
        warm(client, f"open('file{number}', 'w').write('x')")
    assert {f"file{number}" for number in range(3)} <= {p.name for p in client.place.iterdir()}


def keepers(client):
    """The gate's children, with the pid 1 of the box of each."""
    gate = support.children(client.pid)[0]
    return {pid: support.children(pid) for pid in support.children(gate)}


@pytest.mark.parametrize("victim", ["keeper", "pid 1", "interpreter"])
def test_a_box_that_dies_while_it_waits_costs_nobody_a_call(client, victim):
    warm(client, "print(1)")
    standing = until(
        lambda: [(k, c[0]) for k, c in keepers(client).items() if c and support.children(c[0])]
    )
    boxes = [pid for _, init in standing for pid in [init, *support.descendants(init)]]
    for keeper, init in standing:
        payload = support.children(init)
        os.kill({"keeper": keeper, "pid 1": init}.get(victim) or payload[0], signal.SIGKILL)
    # On a busy machine they take an order before they die of it.
    support.soon(lambda: not support.parents().keys() & set(boxes))
    for _ in range(3):
        result = run(client, "print(1)")
        assert (result["status"], result["stdout"]) == ("completed", "1\n"), result


def test_nothing_stays_when_the_server_ends(client):
    warm(client, "print(1)")
    pids = until(lambda: any(keepers(client).values()) and support.descendants(client.pid))
    client.close()
    support.soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def phases_are_its_own(client):
    """What a box and its interpreter had done before the order came is nobody's time."""
    result = warm(client, "import time; time.sleep(.3)")
    phases, wall = result["usage"]["phases"], result["usage"]["wall_seconds"]
    if "interpreter" not in run(client, "1")["usage"]["phases"]:
        pytest.skip("the kernel has no F_NOTIFY")
    assert set(phases) == {"queue", "prepare", "box", "interpreter", "script"}
    assert phases["script"] >= 0.3
    assert phases["interpreter"] + phases["script"] == pytest.approx(wall, abs=3e-6)
    assert sum(phases.values()) <= result["elapsed_seconds"]


def test_the_phases_of_a_run_that_waited_are_its_own(client):
    phases_are_its_own(client)
