# SPDX-License-Identifier: Apache-2.0
"""What a result says a run has used, against what the run knows of itself; `./dev usage` has more."""

import fcntl
import os

import pytest

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
    usage = result["usage"]
    assert usage.get("cpu_at_least", False) == (usage["source"] == "sampled"), usage
    assert "context_switches" not in usage  # theirs are lost


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


# The workload is a child of one who waits for it, asks the kernel, and is gone without ado.
AN_ONLOOKER = """
import os, resource, sys
child = os.fork()
if child == 0:
    exec(sys.argv[1])
    os._exit(0)
os.waitpid(child, 0)
own, theirs = (resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime, flush=True)
os._exit(0)
"""

WORKLOADS = {
    "threads": (
        "import hashlib, threading\n"
        "go = lambda: [hashlib.sha256(bytes(1 << 20)) for _ in range(30)]\n"
        "threads = [threading.Thread(target=go) for _ in range(4)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
    ),
    "short children": (
        "for _ in range(150):\n"
        "    one = os.fork()\n"
        "    if one == 0: os._exit(0)\n"
        "    os.waitpid(one, 0)\n"
    ),
    "in the kernel": "for _ in range(40): os.urandom(1 << 20)\n",
}


@pytest.mark.parametrize("name", WORKLOADS)
def test_cpu_time_is_what_the_kernel_tells_who_waits(python, name):
    result = python(AN_ONLOOKER, "--json", arguments=[WORKLOADS[name]]).json()
    known = float(result["stdout"])
    # The onlooker's own end is not in what it says: it gives back some memory.
    assert abs(cpu_seconds(result) - known) <= 0.01 + known / 50, result["usage"]


def test_what_the_box_costs_is_not_the_scripts(run):
    def inside():
        return cpu_seconds(run("exec", "--json", "--", "/bin/true").json())

    def outside():
        child = os.posix_spawn("/bin/true", ["true"], {})
        _, _, usage = os.wait4(child, 0)
        return usage.ru_utime + usage.ru_stime

    assert min(inside() for _ in range(5)) <= 2 * min(outside() for _ in range(5)) + 0.001


def test_what_cordon_itself_used_is_told_apart(python):
    usage = python("import time; time.sleep(.1)", "--json").json()["usage"]
    assert 0 < usage["cordon_cpu_seconds"] < 1


def test_waiting_shows_as_context_switches(python):
    code = "import time\nfor _ in range(60): time.sleep(.001)"
    assert python(code, "--json").json()["usage"]["context_switches"] >= 60


def counts_writes(directory):
    """Whether the kernel counts what is written here: not in a tmpfs, for one."""

    def written():
        with open("/proc/self/io") as file:
            return dict(line.split(": ") for line in file)["write_bytes"]

    before = int(written())
    (directory / "try").write_bytes(bytes(1 << 20))
    return int(written()) - before >= 1 << 20


def test_what_is_written_to_storage_is_counted_and_is_no_memory(run, workspace):
    if not counts_writes(workspace):
        pytest.skip("what is written there is not counted")
    code = (
        "for name in ('a', 'b'):\n"
        "    with open(name, 'wb') as file:\n"
        "        for _ in range(20): file.write(bytes(1 << 20))\n"
        "open('/tmp/c', 'wb').write(bytes(3 << 20))\n"
    )
    result = run("run", "--json", "--directory", workspace, "-c", code).json()
    usage = result["usage"]
    assert 40 << 20 <= usage["written_bytes"] < 43 << 20, usage
    assert usage["peak_memory_mb"] < 40
    if usage["source"] == "cgroup":
        assert 40 < usage["peak_memory_cache_mb"] and usage["peak_memory_at_least"] is True


def tells_reads(directory):
    fd = os.open(directory, os.O_RDONLY)
    try:
        fcntl.fcntl(fd, fcntl.F_NOTIFY, 0)
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def test_the_start_of_the_interpreter_is_a_phase_of_its_own(run, workspace, tmp_path):
    if not tells_reads(tmp_path):
        pytest.skip("the kernel has no F_NOTIFY")
    code = "import time; time.sleep(.3)"
    (workspace / "slow.py").write_text(code)
    usage = run("run", "--json", "-c", code).json()["usage"]
    phases = usage["phases"]
    assert 0 < phases["interpreter"] <= usage["wall_seconds"] - 0.3
    assert phases["script"] >= 0.3
    assert abs(phases["interpreter"] + phases["script"] - usage["wall_seconds"]) < 3e-6
    # What it has computed when the script begins was before the script; that what it imports from
    # is listed long before does not count.
    code = "import time; print(time.process_time())"
    result = run("run", "--json", "-c", code).json()
    assert result["usage"]["phases"]["interpreter"] > 0.8 * float(result["stdout"]), result
    # A file that others may read as well tells nothing, and a command is no script.
    placed = ["run", "--json", "--directory", workspace, workspace / "slow.py"]
    for words in (placed, ["exec", "--json", "--", "/bin/true"]):
        usage = run(*words).json()["usage"]
        assert "interpreter" not in usage["phases"]
        assert usage["phases"]["script"] == usage["wall_seconds"]


def test_memory_that_processes_share_counts_once(python):
    code = (
        "import os, time\n"
        "room = bytearray(60 << 20)\n"
        "for at in range(0, len(room), 4096): room[at] = 1\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: time.sleep(.3); os._exit(0)\n"
        "for _ in range(4): os.wait()\n"
    )
    usage = python(code, "--json").json()["usage"]
    assert 60 <= usage["peak_memory_mb"] < 120, usage
