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

WRITE_FILES = """
import time
for name in ("/tmp/a", "/dev/shm/b", "/box/home/c"):
    with open(name, "wb") as file:
        for _ in range(30):
            file.write(bytes(1 << 20))
time.sleep(.3)
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


def test_files_of_the_scratch_space_are_memory(python):
    result = python(WRITE_FILES, "--json").json()
    assert result["end"] == "exited", result
    assert 90 <= result["usage"]["peak_memory_mb"] < 150


def test_files_of_the_scratch_space_count_against_the_limit(python):
    result = python(WRITE_FILES, "--memory", "64M", "--json").json()
    assert (result["end"], result["usage"]["peak_memory_mb"] > 50) == ("memory", True), result


def test_mapped_files_of_the_scratch_space_count_once(python):
    code = (
        "import mmap, time\n"
        "file = open('/dev/shm/mapped', 'w+b')\n"
        "file.truncate(60 << 20)\n"
        "room = mmap.mmap(file.fileno(), 0)\n"
        "for at in range(0, len(room), 4096): room[at] = 1\n"
        "time.sleep(.3)\n"
    )
    result = python(code, "--memory", "100M", "--json").json()
    assert result["end"] == "exited", result
    assert 60 <= result["usage"]["peak_memory_mb"] < 100


def test_a_child_that_is_killed_for_memory_ends_the_run(python):
    code = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'b\"x\" * (300 << 20)'])\n"
        "print('went on')\n"
    )
    result = python(code, "--memory", "64M", "--json").json()
    assert (result["end"], result["exit_code"]) == ("memory", 137), result


def test_a_full_table_of_processes_is_told_however_quickly_it_ends(python):
    code = (
        "import os\n"
        "made = 0\n"
        "try:\n"
        "    while True:\n"
        "        if os.fork() == 0: os._exit(0)\n"
        "        made += 1\n"
        "except BlockingIOError:\n"
        "    print(made)\n"
    )
    for _ in range(5):
        result = python(code, "--json").json()
        assert (result["end"], result["stdout"]) == ("exited", "127\n"), result
        assert result["reached"] == ["pids"], result["usage"]
    less = code.replace("True", "made < 100").replace("except BlockingIOError", "finally")
    assert python(less, "--json").json()["reached"] == []


def test_memory_that_is_lent_to_a_starting_program_counts_once(python):
    code = (
        "import subprocess\n"
        "room = bytearray(60 << 20)\n"
        "for at in range(0, len(room), 4096): room[at] = 1\n"
        "for _ in range(100): subprocess.run(['/bin/true'])\n"
    )
    result = python(code, "--memory", "100M", "--json").json()
    assert result["end"] == "exited", result
    assert 60 <= result["usage"]["peak_memory_mb"] < 100
