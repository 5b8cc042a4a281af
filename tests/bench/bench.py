# SPDX-License-Identifier: Apache-2.0
"""Measures what the project promises about speed and size, as ratios on one machine in one run.

usage: bench.py [--quick] [--junit FILE] BUILD

What is compared runs alternately, so that a busy moment of the machine meets both alike; medians
are compared. A figure counts as broken (with --junit: fails) only beyond BROKEN times what is promised:
this is a shared machine, and a tighter wall would fail for what others do. Rows that need a pool
of started interpreters are measured, not promised, until there is one.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import lines
import support

BWRAP = (
    "bwrap --unshare-all --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib "
    "--symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp /bin/true"
).split()
NOWHERE = [
    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
]


# As root on cgroup v1 a box still pays 13 ms of the kernel for joining a group: several times what
# is promised. The table says so; a test fails only on a ratio that has clearly broken.
BROKEN = 8


class Bench:
    def __init__(self, build, quick):
        self.cordon = str(Path(build).resolve() / "cordon")
        self.quick = quick
        self.state = tempfile.mkdtemp(prefix="cordon-bench-")
        self.place = tempfile.mkdtemp(prefix="cordon-bench-")
        self.environment = support.clean_environment(CORDON_STATE=self.state)
        self.python = os.path.realpath(support.SYSTEM_PYTHON)
        self.rows = []

    def row(self, what, figures, value=None, promised=None, unit="x"):
        """One line of the table; without `promised` it is shown and not judged."""
        self.rows.append((what, figures, value, promised, unit))
        shown = "" if value is None else f"{value:.2f} {unit}"
        limit = "" if promised is None else f"at most {promised:g} {unit}"
        print(f"{what:80} {shown:>11}  {limit:16} {figures}", flush=True)

    def once(self, command):
        """Milliseconds from spawn to reaped."""
        start = time.perf_counter()
        pid = os.posix_spawnp(command[0], command, self.environment, file_actions=NOWHERE)
        _, status = os.waitpid(pid, 0)
        taken = time.perf_counter() - start
        if status != 0:
            raise RuntimeError(f"{' '.join(command)}: wait status {status}")
        return taken * 1000

    def alternate(self, runs, *commands, pause=0.0):
        """The median of each, in ms, run in turns."""
        for command in commands:
            for _ in range(3):
                self.once(command)
        times = [[] for _ in commands]
        for _ in range(runs):
            for command, kept in zip(commands, times):
                time.sleep(pause)
                kept.append(self.once(command))
        return [statistics.median(kept) for kept in times]

    # --- rows ---

    def box(self):
        runs = 40 if self.quick else 300
        cordon = [self.cordon, "exec", "--", "/bin/true"]
        # On cgroup v1 joining a group costs the kernel 13 ms, unless somebody stays in it: there
        # the promise is about a running server (calls(), below), and this row is for comparison.
        layers = self.result("--no-uv", "-c", "pass")["layers"]
        promised = None if "cgroup v1" in layers["limits.memory"] else 1.0
        for when, pause in (("", 0), (" after 25 ms of idle", 0.025)):
            bare, bwrap, ours = self.alternate(runs, ["/bin/true"], BWRAP, cordon, pause=pause)
            self.row(
                "cordon exec -- /bin/true against bubblewrap" + when,
                f"bare {bare:.2f} ms, bubblewrap {bwrap:.2f} ms, cordon {ours:.2f} ms",
                ours / bwrap,
                promised,
            )

    def script(self):
        runs = 30 if self.quick else 150
        bare = [self.python, "-c", "pass"]
        with_environment = [
            self.cordon,
            "run",
            "--python",
            self.python,
            "--with",
            "six",
            "-c",
            "pass",
        ]
        without = [self.cordon, "run", "--python", self.python, "--no-uv", "-c", "pass"]
        self.once(with_environment)
        a, b, c = self.alternate(runs, bare, with_environment, without)
        self.row(
            "cordon run -c pass in an existing environment, against python bare",
            f"bare {a:.1f} ms, in the box {b:.1f} ms",
            b / a,
            1.35,
        )
        self.row(
            "cordon run --no-uv -c pass, against python bare",
            f"bare {a:.1f} ms, in the box {c:.1f} ms",
            c / a,
            1.35,
        )

    def client(self):
        return support.RawClient([self.cordon, "serve"], self.environment, self.place)

    def server_start(self):
        times, memory = [], []
        for _ in range(10 if self.quick else 40):
            start = time.perf_counter()
            client = self.client()
            client.initialize()
            client.request(1, "tools/list")
            times.append((time.perf_counter() - start) * 1000)
            time.sleep(0.05)
            memory.append(
                sum(
                    int(support.status(pid)["VmRSS"].split()[0])
                    for pid in [client.pid, *support.descendants(client.pid)]
                )
                / 1024
            )
            client.close()
        self.row(
            "start of cordon serve to tools/list answered",
            f"median of {len(times)}",
            statistics.median(times),
            15,
            "ms",
        )
        self.row(
            "resident memory of front and gate, idle",
            f"median of {len(memory)}",
            statistics.median(memory),
            8,
            "MB",
        )

    def calls(self):
        client = self.client()
        client.initialize()
        times, boxes, bare, true, bwrap = [], [], [], [], []
        for number in range(1, (20 if self.quick else 100) + 3):
            time.sleep(0.025)
            start = time.perf_counter()
            reply = client.call(
                number, "py_run_script_in_dir", directory=self.place, script_content="print(1)"
            )
            times.append((time.perf_counter() - start) * 1000)
            result = reply["structuredContent"]
            boxes.append((result["elapsed_seconds"] - result["usage"]["wall_seconds"]) * 1000)
            bare.append(self.once([self.python, "-c", "pass"]))
            true.append(self.once(["/bin/true"]))
            bwrap.append(self.once(BWRAP))
        ours, plain, box = (statistics.median(kept[2:]) for kept in (times, bare, boxes))
        other = statistics.median(bwrap[2:]) - statistics.median(true[2:])
        self.row(
            "a box through a running server against bubblewrap, both less what runs in them",
            f"bubblewrap {other:.2f} ms, cordon {box:.2f} ms",
            box / other,
            1.0,
        )
        self.row(
            "py_run_script_in_dir of print(1) over stdio, against python bare",
            f"bare {plain:.1f} ms, a call {ours:.1f} ms",
            ours / plain,
        )
        client.close()

    def many_calls(self):
        """32 in flight; the bare rate is one interpreter per core at a time."""
        count = 64 if self.quick else 320
        client = self.client()
        client.initialize()
        client.call(1, "py_run_script_in_dir", directory=self.place, script_content="print(1)")
        start, began, latency = time.perf_counter(), {}, []
        numbers = Locked(iter(range(100, 100 + count)), threading.Lock())

        def one_after_another():
            for number in numbers:
                began[number] = time.perf_counter()
                client.call(
                    number, "py_run_script_in_dir", directory=self.place, script_content="print(1)"
                )
                latency.append((time.perf_counter() - began[number]) * 1000)

        threads = [threading.Thread(target=one_after_another) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ours = count / (time.perf_counter() - start)
        client.close()
        start = time.perf_counter()
        cores = os.cpu_count()
        starts = (
            f"for i in $(seq {count // cores}); do {self.python} -c 'print(1)'; done >/dev/null"
        )
        workers = [
            subprocess.Popen(["/bin/sh", "-c", starts], env=self.environment) for _ in range(cores)
        ]
        for worker in workers:
            worker.wait()
        bare = count / (time.perf_counter() - start)
        latency.sort()
        p50, p99 = latency[len(latency) // 2], latency[int(len(latency) * 0.99)]
        # "At least" as "at most": how many bare starts one call costs; 1 / 0.7.
        self.row(
            "32 calls in flight: bare starts in the time of one call",
            f"{ours:.0f}/s against {bare:.0f}/s bare, p50 {p50:.0f} ms, p99 {p99:.0f} ms",
            bare / ours,
            1.43,
        )
        self.row("32 calls in flight: p99 against p50", "", p99 / p50, 4)

    def flood(self):
        client = self.client()
        client.initialize()
        client.call(1, "py_run_script_in_dir", directory=self.place, script_content="print(1)")
        before = int(support.status(client.pid)["VmRSS"].split()[0])
        client.call(
            2,
            "py_run_script_in_dir",
            directory=self.place,
            script_content="import sys\nfor _ in range(1600): sys.stdout.write('\"\\n' * 32768)",
        )
        after = int(support.status(client.pid)["VmHWM"].split()[0])
        reply = max(
            len(line)
            for line in client.lines
            if b'"id":2,' in line or b'"id":2}' in line or b'"id": 2' in line
        )
        client.close()
        self.row("a script that writes 100 MB: the reply", "", reply / 1024, 128, "KB")
        self.row(
            "a script that writes 100 MB: what the front's memory gains",
            "",
            (after - before) / 1024,
            4,
            "MB",
        )

    def lines(self):
        place = tempfile.mkdtemp(dir=self.place)
        jobs, each = (20, 5000) if self.quick else (50, 10_000)
        seen = lines.many(self.cordon, jobs, each, place)
        said = f"{jobs} jobs, {each} lines each"
        cost = (seen["front"] + seen["gate"]) / (jobs * each) * 1e6
        self.row("a line of output: the server's CPU time", said, cost, 20, "us")
        late = lines.percentile(seen["waits"], 0.95) * 1e3
        self.row("a ping meanwhile (of a hundred the fifth slowest)", said, late, 5, "ms")

    def result(self, *arguments):
        process = subprocess.run(
            [self.cordon, "run", "--json", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        return json.loads(process.stdout)

    def limits(self):
        over = [
            self.result("--timeout", "500ms", "--no-uv", "-c", "while True: pass")["usage"][
                "wall_seconds"
            ]
            * 1000
            - 500
            for _ in range(5)
        ]
        self.overshoot("a wall limit of 500 ms: overshoot", over)
        over = []
        for _ in range(5):
            usage = self.result("--cpu", "300ms", "--no-uv", "-c", "while True: pass")["usage"]
            over.append((usage["cpu_user_seconds"] + usage["cpu_system_seconds"]) * 1000 - 300)
        self.overshoot("a CPU limit of 300 ms: overshoot", over)

    def overshoot(self, what, over):
        """The worst may be what somebody else did in that moment."""
        said = f"worst of {len(over)}: {max(over):.2f} ms"
        self.row(what, said, statistics.median(over), 10, "ms")

    def cpu(self):
        """The script's children burn; its own last reading is the truth, less its own exit."""
        code = (
            "import os, time\n"
            "for _ in range(3):\n"
            "    if os.fork() == 0:\n"
            "        end = time.process_time() + 0.2\n"
            "        while time.process_time() < end: pass\n"
            "        os._exit(0)\n"
            "for _ in range(3): os.wait()\n"
            "import resource as r\n"
            "both = map(r.getrusage, (r.RUSAGE_SELF, r.RUSAGE_CHILDREN))\n"
            "print(sum(u.ru_utime + u.ru_stime for u in both))"
        )
        found = self.result("--no-uv", "-c", code)
        true = float(found["stdout"])
        told = found["usage"]["cpu_user_seconds"] + found["usage"]["cpu_system_seconds"]
        self.row(
            "CPU time reported against the script's own account",
            f"{told * 1000:.1f} ms against {true * 1000:.1f} ms, {found['usage']['source']}",
            abs(told - true) * 1000,
            max(true * 10, 2),
            "ms",
        )

    def all(self):
        self.failures = []
        for part in (
            self.box,
            self.script,
            self.server_start,
            self.calls,
            self.many_calls,
            self.flood,
            self.lines,
            self.limits,
            self.cpu,
        ):
            try:
                part()
            except Exception as problem:  # the other rows are still worth having
                print(f"{part.__name__}: could not be measured: {problem}")
                self.failures.append((part.__name__, f"could not be measured: {problem}"))
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(self.place, ignore_errors=True)


class Locked:
    """An iterator that several threads may take from."""

    def __init__(self, inner, lock):
        self.inner, self.lock = inner, lock

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            return next(self.inner)


def write_junit(bench, file):
    suite = xml.Element("testsuite", name="bench")
    for what, _, value, promised, unit in bench.rows:
        case = xml.SubElement(suite, "testcase", classname="bench", name=what)
        if promised is not None and value > BROKEN * promised:
            xml.SubElement(
                case,
                "failure",
                message=f"{value:.2f} {unit} is far more than the promised {promised:g} {unit}",
            )
    for name, reason in bench.failures:
        case = xml.SubElement(suite, "testcase", classname="bench", name=name)
        xml.SubElement(case, "failure", message=reason)
    xml.ElementTree(suite).write(file)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--junit")
    parser.add_argument("build")
    options = parser.parse_args()
    if "CORDON_UV" not in os.environ:
        import uv

        os.environ["CORDON_UV"] = uv.find_uv_bin()
    who = "root" if support.ROOT else "an ordinary user"
    print(
        f"{os.uname().machine}, {os.cpu_count()} cores, Linux {os.uname().release}, as {who}; "
        "medians, in turns"
    )
    bench = Bench(options.build, options.quick)
    bench.all()
    if options.junit:
        write_junit(bench, options.junit)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
