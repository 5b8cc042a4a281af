# SPDX-License-Identifier: Apache-2.0
"""Boxes forked from an interpreter that waits: to whoever looks from inside, as fresh as any."""

import json
import os
import signal

import pytest
import support
from test_pool import FACTS, keepers, phases_are_its_own, run, started, until, warm


def serve(cordon, base, pool=None, **changes):
    place, policies = base / "place", base / "policies"
    place.mkdir()
    policies.mkdir()
    support.policy_file(policies, "default", start="fork", **changes)
    support.policy_file(policies, "fresh", start="spawn")
    support.policy_file(policies, "pool", start="pool", **(pool or {}))
    names = {"client_policies": ["default", "fresh", "pool"]}
    (base / "config.json").write_text(json.dumps(names))
    environment = support.clean_environment(CORDON_STATE=str(base / "state"))
    command = [cordon, "serve", "--root", str(place), "--policies", str(policies)]
    command += ["--config", str(base / "config.json")]
    client = support.RawClient(command, environment, str(place))
    client.initialize()
    client.place = place
    client.number = 0
    return client


@pytest.fixture(scope="module")
def client(cordon, tmp_path_factory):
    client = serve(cordon, tmp_path_factory.mktemp("fork"))
    yield client
    client.close()


PRELOAD = ["asyncio", "enum", "functools", "json", "socket", "sqlite3", "subprocess", "zipfile"]


@pytest.fixture(scope="module")
def loaded(cordon, tmp_path_factory):
    """Where modules are loaded ahead, and a script can hang what is its own on them."""
    modules = {"preload": PRELOAD}
    client = serve(cordon, tmp_path_factory.mktemp("loaded"), pool=modules, **modules)
    yield client
    client.close()


def stems(client):
    """(keeper, pid 1, the interpreter that forks) of each that stands."""
    found = [(k, c[0], support.children(c[0])) for k, c in keepers(client).items() if c]
    return [(keeper, init, below[0]) for keeper, init, below in found if below]


def test_a_script_cannot_tell_from_its_interpreter_that_it_was_forked(client):
    fresh = run(client, FACTS)
    forked = warm(client, FACTS)
    assert json.loads(forked["stdout"]) == json.loads(fresh["stdout"])
    assert forked["stderr"] == fresh["stderr"] == ""
    layers = {**forked["layers"], "start": None}
    assert layers == {**fresh["layers"], "start": None}


# What a script can leave to be done when its interpreter ends; each prints in that moment.
LAST_WORDS = {
    "objects": "class A:\n  def __del__(self): print('del', sys is not None)\na = A()",
    "no slots": "class A:\n  __slots__ = ()\n  def __del__(self): print('del')\na = A()",
    "a cycle": "class A:\n  def __del__(self): print('del')\na = A(); a.a = a; del a",
    "generators": "def f():\n  try: yield\n  finally: print('finally')\ng = f(); next(g)",
    "weak references": "class A: pass\na = A(); r = weakref.ref(a, lambda r: print('gone'))",
    "finalizers": "class A: pass\na = A(); weakref.finalize(a, print, 'gone')",
    "at exit": "atexit.register(lambda: (print('exit'), os.write(1, b'x')))",
    "audit": "sys.addaudithook(lambda event, more: os.write(1, event.encode() + b';'))",
    "collections": "gc.callbacks.append(lambda phase, more: print(phase))",
    "open files": "f = open('kept', 'w'); f.write('kept')\ndef g(): pass",
    "files of a module": "os.path.f = open('kept', 'w'); os.path.f.write('kept')",
    "streams": "class S:\n  write = sys.stdout.write\n  def flush(self): import json; os.write(1, b's')\n"
    "sys.stdout = S()",
    "threads": "threading.Thread(target=lambda: (time.sleep(.05), print('late'))).start()",
    "daemons": "threading.Thread(target=lambda: time.sleep(60), daemon=True).start()",
    "hooks": "sys.path_hooks.clear(); print(sys.path_hooks)",
    "hooks kept": "os.path.hooks = sys.path_hooks",
    "children": "if os.fork() == 0: sys.exit(print('child'))\nos.wait()",
    "exit codes": "sys.exit(7)",
    "errors": "raise ValueError('x')",
    "words": "sys.exit('x')",
    "flushing": "os.close(1); print('x')",
    "nothing": "print(1)",
}


def ends_as_any(client, code, start):
    fresh = run(client, code, policy="fresh")
    kept = client.place / "kept"
    left = kept.read_text() if kept.exists() else None
    kept.unlink(missing_ok=True)
    forked = warm(client, code, policy=start)
    for told in ("stdout", "stderr", "exit_code", "end", "signal"):
        assert forked[told] == fresh[told], told
    assert (kept.read_text() if kept.exists() else None) == left
    kept.unlink(missing_ok=True)


@pytest.mark.parametrize("start", ["default", "pool"])
@pytest.mark.parametrize("what", LAST_WORDS)
def test_an_interpreter_ends_as_any(client, what, start):
    code = "import atexit, gc, os, sys, threading, time, weakref\n" + LAST_WORDS[what]
    ends_as_any(client, code, start)


# What a script can leave on a module that was there before it.
LEFT_ON_MODULES = {
    "archives": "json.a = zipfile.ZipFile('/tmp/a.zip', 'w'); json.a.writestr('a', 'b')",
    "adapters": "sqlite3.register_adapter(complex, A())",
    "methods": "json.JSONEncoder.default = A()",
    "cycles": "json.a = A(); json.a.a = json.a",
    "caches": "@functools.lru_cache\ndef f(): return A()\nf(); json.f = f; del f",
    "metaclasses": "class M(type):\n  def __del__(self): print('del')\n"
    "class B(metaclass=M): pass\njson.b = B; del B",
    "enums": "class E(enum.Enum):\n  X = 1\n  def __del__(self): print('del')\njson.e = E; del E",
    "sockets": "warnings.simplefilter('always'); json.s = socket.socket(socket.AF_UNIX)",
    "tasks": "async def f(): await asyncio.sleep(9)\n"
    "json.loop = asyncio.new_event_loop()\n"
    "json.task = json.loop.create_task(f()); del f\n"
    "json.loop.run_until_complete(asyncio.sleep(0))",
    "weak references": "json.a = A(); json.r = weakref.ref(json.a, lambda r: print('gone'))",
}
ON_MODULES = (
    "import asyncio, enum, functools, json, socket, sqlite3, subprocess, sys, warnings, weakref\n"
    "import zipfile\n"
    "class A:\n  def __del__(self): print('del')\n"
)


@pytest.mark.parametrize("start", ["default", "pool"])
@pytest.mark.parametrize("what", LEFT_ON_MODULES)
def test_what_is_left_on_a_module_that_was_there_before_ends_as_any(loaded, what, start):
    ends_as_any(loaded, ON_MODULES + LEFT_ON_MODULES[what], start)


def test_one_interpreter_serves_many_orders(client):
    warm(client, "print(1)")
    before = set(until(lambda: stems(client)))
    for _ in range(5):
        warm(client, "print(1)")
    assert before & set(stems(client))


def test_nothing_of_a_run_is_left_for_the_next(client):
    leave = (
        "import os, sys\n"
        "for place in ('/tmp', '/dev/shm', os.environ['HOME']):\n"
        "    print(os.path.exists(place + '/left'))\n"
        "    open(place + '/left', 'w').write('x')\n"
        "print(hasattr(sys, 'left'), os.environ.get('LEFT'), sys.argv, oct(os.umask(0)))\n"
        "sys.left = 1; os.environ['LEFT'] = '1'\n"
    )
    seen = {warm(client, leave)["stdout"] for _ in range(3)}
    assert seen == {"False\nFalse\nFalse\nFalse None ['/box/script.py'] 0o22\n"}


def test_what_comes_by_chance_is_another_in_each(client):
    code = (
        "import os, random, secrets, tempfile, uuid\n"
        "print(random.random(), secrets.token_hex(8), os.urandom(8).hex(), uuid.uuid4(),\n"
        "      tempfile.mktemp())\n"
    )
    seen = [set(warm(client, code)["stdout"].split()) for _ in range(3)]
    assert len(seen[0] | seen[1] | seen[2]) == 15


def test_variables_and_input_come_with_the_order(client):
    code = "import os, sys, time; print(os.environ.get('X'), time.tzname[0], sys.stdin.read())"
    given = warm(client, code, env_vars={"X": "hello", "TZ": "Asia/Tokyo"}, stdin="typed")
    assert given["stdout"] == "hello JST typed\n"
    assert warm(client, code)["stdout"] == "None UTC \n"
    # Those that an interpreter reads when it starts: one starts anew, in the forked box.
    spoken = warm(client, "import sys; print(sys.flags.optimize)", env_vars={"PYTHONOPTIMIZE": "2"})
    assert spoken["stdout"] == "2\n"


@pytest.mark.parametrize("start", ["default", "pool"])
def test_another_zone_needs_no_other_interpreter(loaded, start):
    """As `cordon run` has it, which brings its user's own along."""
    code = (
        "import sys; here = 'json' in sys.modules\n"
        "import datetime, os, time\n"
        "print(here, os.environ['TZ'], time.tzname[0], time.localtime(0).tm_hour,\n"
        "      datetime.datetime.fromtimestamp(0).hour, time.strptime('JST', '%Z').tm_isdst)\n"
    )
    given = warm(loaded, code, policy=start, env_vars={"TZ": "Asia/Tokyo"})
    assert (given["stdout"], given["stderr"]) == ("True Asia/Tokyo JST 9 9 0\n", "")
    # Any other may have been read by what is loaded.
    other = warm(loaded, code, policy=start, env_vars={"TZ": "Asia/Tokyo", "X": "1"})
    assert other["stdout"] == "False Asia/Tokyo JST 9 9 0\n"


def test_limits_hold_for_each_order_alone(client):
    busy = "while True: pass"
    warm(client, "print(1)")
    slow = until(lambda: (r := run(client, busy, timeout_seconds=1)) and started(r) == "on" and r)
    assert (slow["end"], slow["exit_code"]) == ("wall", 124)
    spent = until(lambda: (r := run(client, busy, cpu_seconds=1)) and started(r) == "on" and r)
    assert spent["end"] == "cpu"
    after = warm(client, "print(1)")["usage"]
    assert after["cpu_user_seconds"] + after["cpu_system_seconds"] < 1
    forks = (
        "import os, time\ncount = 0\n"
        "try:\n    while True:\n        if os.fork() == 0: time.sleep(1000)\n        count += 1\n"
        "except BlockingIOError: print(count)\n"
    )
    policy = warm(client, "print(1)")["limits"]
    full = until(lambda: (r := run(client, forks)) and started(r) == "on" and r)
    assert (full["stdout"], full["reached"]) == (f"{policy['pids'] - 1}\n", ["pids"])
    assert warm(client, "print(1)")["reached"] == []


def test_memory_is_the_runs_own(client):
    take = "block = bytearray(64 << 20)\nprint(len(block))"
    small, large = warm(client, "print(1)")["usage"], warm(client, take)["usage"]
    assert 60 < large["peak_memory_mb"] - small["peak_memory_mb"] < 72
    assert warm(client, "print(1)")["usage"]["peak_memory_mb"] < 64
    too_much = "x = bytearray(512 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1"
    killed = until(
        lambda: (r := run(client, too_much, memory_mb=256)) and started(r) == "on" and r
    )
    assert (killed["end"], killed["exit_code"]) == ("memory", 137)
    assert warm(client, "print(1)", memory_mb=256)["stdout"] == "1\n"


def test_denied_calls_are_counted_for_the_run_that_made_them(client):
    code = "import ctypes; print(ctypes.CDLL(None, use_errno=True).syscall(321, 0, 0, 0, 0, 0))"
    assert warm(client, code)["denied"] == [{"what": "syscall", "name": "bpf", "count": 1}]
    assert warm(client, "print(1)")["denied"] == []


@pytest.mark.parametrize("victim", ["keeper", "pid 1", "interpreter"])
def test_an_interpreter_that_dies_while_it_waits_costs_nobody_a_call(cordon, tmp_path, victim):
    client = serve(cordon, tmp_path)
    warm(client, "print(1)")
    standing = until(lambda: stems(client))
    boxes = [pid for _, init, _ in standing for pid in [init, *support.descendants(init)]]
    for keeper, init, stem in standing:
        os.kill({"keeper": keeper, "pid 1": init, "interpreter": stem}[victim], signal.SIGKILL)
    support.soon(lambda: not support.parents().keys() & set(boxes))
    for _ in range(3):
        result = run(client, "print(1)")
        assert (result["status"], result["stdout"]) == ("completed", "1\n")
    client.close()


def test_what_cannot_be_forked_waits_and_says_why(cordon, tmp_path):
    rules = json.loads((support.SOURCE / "policies/default.json").read_text())["syscalls"]
    rules["rules"].append({"deny": "close_range", "with": "ENOSYS", "why": "a test"})
    client = serve(cordon, tmp_path, syscalls=rules)
    lesser = "off: a fresh interpreter that waited: "
    result = until(lambda: (r := run(client, "print(1)")) and lesser in started(r) and r)
    assert "the policy's filter forbids what a forked interpreter does last" in started(result)
    assert result["stdout"] == "1\n"
    client.close()


def test_nothing_stays_when_the_server_ends(cordon, tmp_path):
    client = serve(cordon, tmp_path)
    warm(client, "print(1)")
    until(lambda: stems(client))
    pids = support.descendants(client.pid)
    client.close()
    support.soon(lambda: not support.parents().keys() & set(pids))


def test_the_phases_of_a_forked_run_are_its_own(client):
    phases_are_its_own(client)
