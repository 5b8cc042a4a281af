# SPDX-License-Identifier: Apache-2.0
"""Measures how exactly the limits of time act, and how soon nothing is left of a box.

usage: overshoot.py [--runs N] [--only NAME,...] [--json FILE] BUILD

Every run is told by two: by cordon (its result) and by this script, which trusts it in nothing.
Each process of a workload holds the writing end of a FIFO of ours and writes the time into a page of
its own, over and over; so the last of these times is when something of the box last ran, and the end of
the FIFO is when the kernel had taken down the last of its processes, memory included. The CPU time of
the whole family is what wait4(2) says of it, less what the same box costs that does nothing; on a busy
machine that cost varies by milliseconds, and so does the figure. What cordon spends on looking is in it:
without control groups that is up to a tenth of a processor, where children come and go, and is no time
of the script's.

Columns, each at the 50th and 99th percentile, in milliseconds:
  told     what the result says was used beyond the limit
  outside  what this script saw beyond it: for wall, from the first sign of life, less the CPU time the
           interpreter had used by then, to the last (so it is no more than the truth, and told no less);
           for CPU, by wait4
  gone     from the last sign of life to the end of the last process
"""

import argparse
import ctypes
import json
import mmap
import os
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import support

os.environ.setdefault("CORDON_UV", "")  # none is needed
PAGES = 128
LIMIT = 0.2  # seconds: long after an interpreter has started, also on a busy machine

# What every workload begins with. Its clock is the real one, which no namespace shifts.
PRELUDE = """
import mmap, os, signal, struct, sys, threading, time
holder = os.open("{place}/gone", os.O_WRONLY)
file = os.open("{place}/stamps", os.O_RDWR)
stamps = mmap.mmap(file, {pages} * 4096)
def stamp(page):
    struct.pack_into("=d", stamps, page * 4096 + 8, time.clock_gettime(time.CLOCK_REALTIME))
def spin(page, seconds=1e9):
    end = time.clock_gettime(time.CLOCK_REALTIME) + seconds
    while time.clock_gettime(time.CLOCK_REALTIME) < end:
        for _ in range(20): pass
        stamp(page)
struct.pack_into("=dxxxxxxxxd", stamps, 0, time.clock_gettime(time.CLOCK_REALTIME), time.process_time())
"""

SLEEP = "while True:\n    stamp(0)\n    time.sleep(.001)"
BUSY = "spin(0)"
THREADS = (
    "import hashlib\n"
    "def work(page):\n"
    "    while True:\n"
    "        hashlib.sha256(bytes(300000)).digest()\n"
    "        stamp(page)\n"
    "for page in range(1, 4): threading.Thread(target=work, args=(page,)).start()\n"
    "work(0)"
)
FORKS = "for page in range(1, 4):\n    if os.fork() == 0: spin(page)\nspin(0)"
HANDLER = "signal.signal(signal.SIGXCPU, lambda *_: None)\n" + BUSY
IGNORED = "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n" + BUSY
SHORT = (
    "while True:\n"
    "    if os.fork() == 0:\n"
    "        spin(1, .002)\n"
    "        os._exit(0)\n"
    "    os.wait()\n"
    "    stamp(0)"
)
KERNEL = (
    "random = os.open('/dev/urandom', os.O_RDONLY)\n"
    "while True:\n"
    "    os.read(random, 1 << 16)\n"
    "    stamp(0)"
)
MEMORY = (
    "room = bytearray({bytes})\n"
    "for at in range(0, {bytes}, 4096): room[at] = 1\n"
    "while True:\n    stamp(0)\n    time.sleep(.001)"
)

# name | limit | workload | bytes of memory it holds
ROWS = [
    ("wall, asleep", "wall", SLEEP, 0),
    ("wall, busy", "wall", BUSY, 0),
    ("wall, 4 processes", "wall", FORKS, 0),
    ("cpu, 1 thread", "cpu", BUSY, 0),
    ("cpu, 4 threads", "cpu", THREADS, 0),
    ("cpu, 4 processes", "cpu", FORKS, 0),
    ("cpu, SIGXCPU handled", "cpu", HANDLER, 0),
    ("cpu, SIGXCPU ignored", "cpu", IGNORED, 0),
    ("cpu, short children", "cpu", SHORT, 0),
    ("cpu, in the kernel", "cpu", KERNEL, 0),
    ("wall, 256 MB", "wall", MEMORY, 256 << 20),
]


def percentile(values, of):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(of / 100 * (len(ordered) - 1)))]


class Meter:
    def __init__(self, build, state=None):
        self.cordon = str(Path(build).resolve() / "cordon")
        self.place = tempfile.mkdtemp(prefix="cordon-overshoot-")
        self.state = state or os.path.join(self.place, "state")
        os.mkfifo(os.path.join(self.place, "gone"))
        with open(os.path.join(self.place, "stamps"), "wb") as file:
            file.truncate(PAGES * 4096)
        self.stamps_file = open(os.path.join(self.place, "stamps"), "r+b")
        self.stamps = mmap.mmap(self.stamps_file.fileno(), PAGES * 4096)
        self.environment = support.clean_environment(CORDON_STATE=self.state)
        self.cost = 0.0

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)

    def launch(self, code, *options):
        """(result, CPU seconds by wait4, first and last sign of life, end of the last process)."""
        self.stamps[:] = bytes(PAGES * 4096)
        gone = os.open(os.path.join(self.place, "gone"), os.O_RDONLY | os.O_NONBLOCK)
        text = PRELUDE.format(place=self.place, pages=PAGES) + code
        words = ["run", "--json", "--write", self.place, *options, "-c", text]
        process = subprocess.Popen(
            [self.cordon, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            cwd="/",
        )
        poll = select.poll()
        poll.register(gone, select.POLLIN)
        ended = time.time() if poll.poll(60_000) else 0
        os.close(gone)
        out = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        reaped = time.time()
        first, spent = struct.unpack_from("=dxxxxxxxxd", self.stamps, 0)
        last = max(map(self.told, range(PAGES)))
        return json.loads(out), usage.ru_utime + usage.ru_stime, first - spent, last, max(ended, reaped)

    def told(self, page):
        """What a process wrote last on its page."""
        return struct.unpack_from("=d", self.stamps, page * 4096 + 8)[0]

    def weigh(self):
        """What a box costs besides its script: CPU by wait4 less what the result says."""
        costs = []
        for _ in range(12):
            result, cpu, *_ = self.launch("time.sleep(.2)")
            costs.append(cpu - used_cpu(result))
        self.cost = statistics.median(costs[2:])

    def one(self, row):
        """Seconds: (told, outside, gone), or raises where the end is not the limit's."""
        name, limit, code, held = row
        seconds = LIMIT
        options = ["--timeout", "60s", "--cpu", "60s", "--memory", "1G", "--pids", "64"]
        wanted = "--timeout" if limit == "wall" else "--cpu"
        if held:
            seconds = 0.8
            code = code.format(bytes=held)
        options[options.index(wanted) + 1] = f"{round(seconds * 1000)}ms"
        result, cpu, first, last, ended = self.launch(code, *options)
        if result["end"] != limit:
            raise RuntimeError(f"{name}: ended by {result['end']}: {json.dumps(result)}")
        if limit == "wall":
            told = result["usage"]["wall_seconds"] - seconds
            outside = last - first - seconds
        else:
            told = used_cpu(result) - seconds
            outside = cpu - self.cost - seconds
            if outside < -seconds / 2:
                outside = None  # pid 1 was not given the time to wait for them: wait4 knows less
        return told, outside, ended - last if last > first else None


def used_cpu(result):
    return result["usage"]["cpu_user_seconds"] + result["usage"]["cpu_system_seconds"]


def in_front():
    """Measure without waiting for a processor oneself, where that may be had."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
        return True
    except PermissionError:
        return False


def show(name, kinds):
    cells = []
    for values in kinds:
        found = [value * 1000 for value in values if value is not None]
        cells.append(f"{percentile(found, 50):8.2f} {percentile(found, 99):8.2f}" if found else " " * 17)
    print(f"{name:24} {'   '.join(cells)}   {max(kinds[0]) * 1000:8.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no further round")
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    meter = Meter(arguments.build)
    rows = [row for row in ROWS if arguments.only in row[0]]
    found = {row[0]: ([], [], []) for row in rows}
    try:
        ahead = in_front()
        meter.weigh()
        print(f"as uid {os.getuid()}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, "
              f"{arguments.runs} runs each, this script {'ahead of' if ahead else 'among'} the others")
        names = ("told", "outside", "gone")
        heads = "   ".join(f"{name:>8} {'p99':>8}" for name in names)
        print(f"{'ms, at p50 and p99':24} {heads}   {'told max':>8}")
        end = time.monotonic() + arguments.seconds
        for _ in range(arguments.runs):
            if time.monotonic() > end:
                break
            for row in rows:  # in turns: a busy moment of the machine meets all alike
                for kind, value in zip(found[row[0]], meter.one(row)):
                    kind.append(value)
        for name, kinds in found.items():
            show(name, kinds)
    finally:
        meter.close()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(found))


if __name__ == "__main__":
    sys.exit(main())
