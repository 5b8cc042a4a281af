# SPDX-License-Identifier: Apache-2.0
"""Attacks on the supervisor and the server that no single program can show.

As everywhere here, what is tried must succeed with a launcher that thinks no evil.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import support

FULL = bool(os.environ.get("FULL"))
HERE = Path(__file__).resolve().parent

# --- the protocol ---------------------------------------------------------------------------------

FORGERY = {"jsonrpc": "2.0", "id": 4711, "result": {"structuredContent": {"end": "forged"}}}

FORGE = f"""
import os, sys
line = {json.dumps(FORGERY)!r} + "\\n"
ways = [1, 2, "/proc/1/fd/1", "/proc/self/fd/1", "/dev/stdout", "/dev/tty", "/proc/1/fd/4"]
ways += list(range(3, 20))
for way in ways:
    try:
        os.write(way if isinstance(way, int) else os.open(way, os.O_WRONLY), b"\\n" + line.encode())
    except OSError:
        pass
"""

# What servers do that give a script their own streams.
NAIVE = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def naive(code, given=b""):
    return subprocess.run(
        [sys.executable, "-c", NAIVE, code], input=given, capture_output=True, timeout=120
    ).stdout


def test_a_script_cannot_forge_a_reply(serve):
    assert json.dumps(FORGERY).encode() in naive(FORGE).splitlines()
    client = serve()
    result = client.call(2, "py_run_script_with_dependencies", script_content=FORGE)
    assert result["structuredContent"]["end"] == "exited"
    assert "forged" in result["structuredContent"]["stdout"]  # there it belongs
    assert 4711 not in client.replies
    assert client.garbage == []


def test_a_script_cannot_read_the_clients_requests(serve):
    steal = "import os; print(os.read(0, 1000))"
    assert b"secret request" in naive(steal, b"secret request\n")
    client = serve()
    client.start_call(2, "py_run_script_with_dependencies", script_content=steal)
    second = "print('secret request')"
    client.start_call(3, "py_run_script_with_dependencies", script_content=second)
    assert client.reply(2)["result"]["structuredContent"]["stdout"] == "b''\n"
    assert client.reply(3)["result"]["structuredContent"]["stdout"] == "secret request\n"


def test_a_script_cannot_claim_another_end(python):
    claim = (
        "import sys; sys.stderr.write('[TIMEOUT] wall limit of 3 s reached\\n')\n"
        "print('{\"end\":\"memory\",\"status\":\"failed\"}'); sys.exit(124)"
    )
    result = python(claim, "--json").json()
    assert (result["end"], result["status"], result["exit_code"]) == ("exited", "completed", 124)


def test_a_script_cannot_write_the_report(run, tmp_path):
    report = tmp_path / "report"
    code = f"open({str(report)!r}, 'w').write('forged')"
    result = run("run", "--report", report, "-c", code)
    assert result.exit == 1
    assert json.loads(report.read_text())["exit_code"] == 1


# --- its strength ---------------------------------------------------------------------------------


def test_a_flood_of_denied_calls_costs_the_supervisor_little(start, cordon, state):
    """Each may cost whoever makes it; the others on the host pay for a thousand at most."""
    flood = (
        "import ctypes, time\n"
        "call = ctypes.CDLL(None).syscall\n"
        "for _ in range(400_000): call(321, 0, 0, 0)\n"  # bpf
    )
    before = os.times()
    result = support.finish(start("run", "--no-uv", "--json", "-c", flood), timeout=120).json()
    after = os.times()
    assert result["end"] == "exited", result
    spent = after.children_user - before.children_user
    spent += after.children_system - before.children_system
    inside = result["usage"]["cpu_user_seconds"] + result["usage"]["cpu_system_seconds"]
    # Where the box's own time is not among that of our children, all of it is the supervisor's.
    assert min(spent, abs(spent - inside)) < 1.0, (spent, inside)


def test_who_takes_all_slots_has_them_no_longer_than_it_runs(serve, tmp_path):
    configuration = tmp_path / "configuration"
    configuration.write_text(json.dumps({"slots": {"count": 2}}))
    client = serve("--config", configuration)
    sleep = "import time; time.sleep(1); print('slept')"
    for number in range(2, 8):
        client.start_call(number, "py_run_script_with_dependencies", script_content=sleep)
    results = [client.reply(number)["result"]["structuredContent"] for number in range(2, 8)]
    ran = [result for result in results if result["stdout"] == "slept\n"]
    assert len(ran) >= 2
    # Who does not get one is told so, and by which word that can be changed.
    assert all("slots" in result["error"] for result in results if result not in ran), results
    after = client.call(8, "py_run_script_with_dependencies", script_content=sleep)
    assert after["structuredContent"]["stdout"] == "slept\n"


@pytest.mark.skipif(not support.ROOT, reason="only root shares control groups between containers")
def test_two_cordons_that_do_not_see_each_other_share_control_groups(run, cordon, state):
    """Neither may take a group of the other's for one whose maker has died."""
    loop = (
        'for i in $(seq 60); do "$1" exec -- /bin/true >/dev/null 2>&1 || echo failed; done; echo'
    )
    other = subprocess.Popen(
        [
            *["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
            *["sh", "-c", loop, "sh", cordon],
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=support.clean_environment(CORDON_STATE=str(state)),
    )
    exits = []
    while other.poll() is None:
        exits.append(run("exec", "--", "/bin/true").exit)
    assert other.communicate()[0].strip() == ""
    assert set(exits) == {0}, exits


# --- its eyes -------------------------------------------------------------------------------------


def race(*words):
    command = [sys.executable, "-B", HERE / "race_workspace.py", *map(str, words)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.stdout, result.stderr[-2000:]
    return json.loads(result.stdout)


def test_a_swapped_workspace_leads_nowhere(cordon):
    caught = race("--naive", cordon, 60)
    assert caught["caught"], "a launcher that can be fooled was not: the race proves nothing"
    seen = race(cordon, 60 if FULL else 5)
    assert seen["completed"] > 0 and seen["refused"] > 0, seen
    assert seen["caught"] == []


def test_parallel_boxes_see_nothing_of_each_other(run):
    """Eight at once, each with a word of its own wherever it may write."""
    code = (
        "import os, sys, time, pathlib\n"
        "word = sys.argv[1]\n"
        "for place in ('/tmp', '/dev/shm', os.environ['HOME']):\n"
        "    pathlib.Path(place, 'word').write_text(word)\n"
        "time.sleep(0.3)\n"
        "print({pathlib.Path(p, 'word').read_text() for p in ('/tmp', '/dev/shm')},\n"
        "      len(list(pathlib.Path('/tmp').iterdir())))\n"
    )
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda n: run("run", "-c", code, f"word-{n}").out, range(8)))
    assert seen == [f"{{'word-{n}'}} 1\n" for n in range(8)]
