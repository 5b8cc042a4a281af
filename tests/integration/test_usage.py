# SPDX-License-Identifier: Apache-2.0
"""What a result says a run has used, against what the run knows of itself."""

# Three at once, each with many short children that are waited for.
A_BUILD = """
import os, time

def make():
    for _ in range(40):
        child = os.fork()
        if child == 0:
            end = time.process_time() + .009
            while time.process_time() < end:
                pass
            os._exit(0)
        os.waitpid(child, 0)

for _ in range(3):
    if os.fork() == 0:
        make()
        os._exit(0)
for _ in range(3):
    os.wait()
times = os.times()
print(times.user + times.system + times.children_user + times.children_system)
"""

NOBODY_WAITS = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(30):
    child = os.fork()
    if child == 0:
        end = time.process_time() + .04
        while time.process_time() < end:
            pass
        os._exit(0)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass
"""


def cpu_seconds(result):
    return result["usage"]["cpu_user_seconds"] + result["usage"]["cpu_system_seconds"]


def test_short_children_that_are_waited_for_are_counted_once(python):
    result = python(A_BUILD, "--json").json()
    assert result["end"] == "exited", result
    known = float(result["stdout"])
    assert 0.95 * known - 0.03 <= cpu_seconds(result) <= 1.05 * known + 0.1


def test_children_that_nobody_waits_for_are_counted(python):
    result = python(NOBODY_WAITS, "--json").json()
    assert result["end"] == "exited", result
    assert 0.6 <= cpu_seconds(result) <= 1.6
