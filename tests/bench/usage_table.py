# SPDX-License-Identifier: Apache-2.0
"""What a result says a run has used, against what others say of the very same run.

usage: usage_table.py [--quick] [--only WORD] [--numpy DIR] --bystander PROGRAM BUILD

Each workload (usage_work.py) runs in a box beneath a small program, the bystander, which waits for
it and tells its CPU time and largest resident set, as GNU time does, but to the microsecond. As
root the whole of cordon stands in a control group of our own besides, which also knows of
processes for whom nobody has waited; and from outside we read the files of the box's memory group
until it goes, or, where cordon makes none, those of one into which we put the bystander. GNU time runs
between the bystander and the workload, and stress-ng tells its own time: both are held against the
result as far as they know; where one of them is missing, that is said.

Wanted: CPU time within 1 % or 2 ms. Peak memory within 1 % or 1 MB of the group's figure, or of
the largest resident set where one process has it all. CPU time of processes for whom nobody
waited is a lower bound where no group counts it, and has to say so. A peak that was sampled is a lower bound,
has to say so ("at least"), and must not be more than what the group saw; there the reference has
what a bare interpreter maps of files besides, which a group does not count.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from usage_work import QUICK, WORKS

HERE = Path(__file__).resolve().parent
SURROUNDINGS = HERE.parent / "integration/surroundings.py"
MIB = 1 << 20
TIME = "/usr/bin/time"  # as shells have one of their own
SOMEBODY = 64321  # a user id that nobody has: as root, for the rows of an ordinary user


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return None


def mounted(kind, word):
    for line in read("/proc/self/mounts").splitlines():
        _, point, found, options = line.split()[:4]
        if found == kind and word in options.split(","):
            return Path(point)
    return None


def own_group(hierarchy):
    for line in read("/proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        if names == hierarchy:
            return path.lstrip("/")
    return None


class Groups:
    """Control groups around one whole cordon; as an ordinary user there are none."""

    def __init__(self):
        name = f"cordon-table-{os.getpid()}"
        self.cpu = self.make(mounted("cgroup2", "rw"), own_group(""), name)
        self.memory = self.make(mounted("cgroup", "memory"), own_group("memory"), name)
        self.box_peak = None

    @staticmethod
    def make(mount, own, name):
        if os.getuid() != 0 or not mount or own is None:
            return None
        group = mount / own / name
        try:
            group.mkdir()
        except OSError:
            return None
        return group

    def join(self):
        for group in (self.cpu, self.memory):
            if group:
                (group / "cgroup.procs").write_text(str(os.getpid()))

    def cpu_seconds(self):
        text = self.cpu and read(self.cpu / "cpu.stat")
        return int(re.search(r"usage_usec (\d+)", text)[1]) / 1e6 if text else None

    def members(self):
        for listing in [self.cpu / "cgroup.procs", *self.cpu.glob("*/cgroup.procs")]:
            yield from (read(listing) or "").split()

    def hold_box(self, process):
        """Waits for the bystander, which waits for us; puts it into a group where it has none."""
        if not self.cpu or not self.memory:
            return
        while process.poll() is None:
            for pid in self.members():
                if read(f"/proc/{pid}/comm") == "bystander\n":
                    if not list(self.memory.glob("cordon-*")):
                        (self.memory / "box").mkdir()
                        (self.memory / "box/cgroup.procs").write_text(pid)
                    return
            time.sleep(0.001)

    def watch(self, running):
        """Reads the box's file again and again: its last word before the group goes."""
        while self.memory and running.is_set():
            self.look()
            time.sleep(0.001)

    def look(self):
        for box in self.memory.glob("*/memory.max_usage_in_bytes") if self.memory else ():
            with contextlib.suppress(OSError, ValueError):
                self.box_peak = int(box.read_text())

    def remove(self):
        for group in (self.memory and self.memory / "box", self.cpu, self.memory):
            if group and group.exists():
                group.rmdir()


class Run:
    """One workload in one surrounding."""

    def __init__(self, work, where, cordon, args, place):
        self.work, self.where = work, where
        self.workspace = workspace = place / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        (workspace / "work.py").write_text(work.script)
        uid = SOMEBODY if where == "user" and os.getuid() == 0 else os.getuid()
        for path in (workspace, workspace / "work.py"):
            os.chown(path, uid, uid)
        command = [cordon, "exec", "--json", "--directory", workspace, "--read", args.bystander]
        if "orphans" in work.words:
            command += ["--env", "BYSTANDER_ORPHANS=1"]
        if "memfd" in work.words:
            command += ["--policy", place / "memfd.json"]
        if "numpy" in work.words:
            command += ["--read", args.numpy, "--env", f"PYTHONPATH={args.numpy}"]
            command += ["--env", "OPENBLAS_NUM_THREADS=2"]
        command += ["--", args.bystander]
        if args.time:
            command += [TIME, "--quiet", "--format", "%U %S %M", "--output", "time"]
        command += work.command
        if where == "no cgroups":
            command = [sys.executable, SURROUNDINGS, "no_cgroups", "--", *command]
        if uid != os.getuid():
            ids = [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
            command = ["/usr/bin/setpriv", *ids, *command]
        self.go([str(word) for word in command], place / f"state-{where.replace(' ', '-')}")

    def go(self, command, state):
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(state)}
        environment["CORDON_STATE"] = str(state)
        groups, running = Groups(), threading.Event()
        running.set()
        watcher = threading.Thread(target=groups.watch, args=(running,))
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=environment,
                cwd="/",
                preexec_fn=groups.join,
            )
            watcher.start()
            groups.hold_box(process)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(b"x")
                process.stdin.close()
            _, status, waited = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            running.clear()
            watcher.join()
            groups.look()
            out.seek(0)
            err.seek(0)
            text, errors = out.read().decode(), err.read().decode()
        outside = groups.cpu_seconds()
        self.lost = 0 if outside is None else outside - waited.ru_utime - waited.ru_stime
        self.group_peak = groups.box_peak
        groups.remove()
        if not text:
            raise SystemExit(f"{self.work.name}, {self.where}: {errors}")
        self.result = json.loads(text)
        said = re.search(r"^BYSTANDER (\d+) (\d+)$", self.result["stderr"], re.M)
        if not said or self.result["exit_code"] != 0:
            raise SystemExit(f"{self.work.name}, {self.where}: {text}")
        self.bystander_cpu, self.bystander_rss = int(said[1]) / 1e6, int(said[2]) * 1024
        self.known = sum(float(read(file)) for file in self.workspace.glob("known-*"))
        timed = (read(self.workspace / "time") or "").split()
        self.time_cpu = float(timed[0]) + float(timed[1]) if timed else None
        self.time_rss = int(timed[2]) * 1024 if timed else None
        told = re.findall(r"(?:user|system)-time: (\S+)", read(self.workspace / "told.yaml") or "")
        self.stress_cpu = sum(map(float, told[:2])) if told else None

    # --- CPU time ---

    @property
    def cpu(self):
        usage = self.result["usage"]
        return usage["cpu_user_seconds"] + usage["cpu_system_seconds"]

    @property
    def cpu_reference(self):
        if "lost" in self.work.words and self.where == "user" and os.getuid() != 0:
            return None  # nobody knows
        grouped = self.result["usage"]["source"] != "sampled"
        lost = self.lost if grouped or "threads" not in self.work.words else 0
        return self.bystander_cpu + self.known + max(0, lost)

    def others_ok(self):
        """GNU time cuts two figures to hundredths, and knows of those who were waited for; stress-ng knows
        its stressors."""
        most = max(0.002, self.cpu / 100)
        known = not self.work.words & {"orphans", "lost", "threads"}
        if self.time_cpu is not None and known and not -most <= self.cpu - self.time_cpu <= most + 0.02:
            return False
        if "stress" in self.work.words and self.stress_cpu is None:
            return False
        return self.stress_cpu is None or self.stress_cpu <= self.cpu + most

    def cpu_ok(self):
        reference = self.cpu_reference
        slack = 0.004 if "orphans" in self.work.words else 0  # of what came after they said it
        if reference is None:
            return True
        most = max(0.002, reference / 100) + slack
        if self.result["usage"].get("cpu_at_least"):
            return "lost" in self.work.words and self.cpu - reference <= most
        return abs(self.cpu - reference) <= most

    # --- memory ---

    @property
    def peak(self):
        usage = self.result["usage"]
        return usage.get("peak_memory_cache_mb", usage["peak_memory_mb"]) * MIB

    def memory_reference(self, mapped):
        """(bytes, exact): `mapped` is what a bare interpreter maps of files."""
        if self.result["usage"]["source"] == "cgroup":
            return self.group_peak, True
        if "single" in self.work.words:
            return self.bystander_rss, True
        if self.group_peak is None or "files" in self.work.words:
            return None, False
        return self.group_peak + mapped, False

    def memory_ok(self, mapped):
        reference, exact = self.memory_reference(mapped)
        if reference is None:
            return True
        slack, over = max(MIB, reference / 100), self.peak - reference
        if exact:
            return abs(over) <= slack
        return over <= 2 * slack and self.result["usage"].get("peak_memory_at_least", False)

    def ok(self, mapped):
        return self.cpu_ok() and self.memory_ok(mapped) and self.others_ok()


def shown(value, unit):
    return "-" if value is None else f"{value / unit:.1f}"


HEADER = (
    f"{'workload':50} {'CPU ms':>8} {'ref.':>8} {'error':>7} {'time':>6} {'stress':>6}   "
    f"{'peak MB':>8} {'cached':>8} {'ref.':>8} {'error':>7} {'time':>6}  {'at least':10} "
    f"{'CPU of cordon ms':>16}"
)


def line(run, mapped):
    usage = run.result["usage"]
    reference, exact = run.memory_reference(mapped)
    error = None if reference is None else run.peak - reference
    cpu_error = None if run.cpu_reference is None else run.cpu - run.cpu_reference
    cached = usage.get("peak_memory_cache_mb")
    bounds = {"cpu_at_least": "CPU", "peak_memory_at_least": "memory"}
    bound = "+".join(word for name, word in bounds.items() if usage.get(name))
    return (
        f"{run.work.name:50} {run.cpu * 1e3:8.1f} {shown(run.cpu_reference, 1e-3):>8} "
        f"{shown(cpu_error, 1e-3):>7} {shown(run.time_cpu, 1e-3):>6} "
        f"{shown(run.stress_cpu, 1e-3):>6}   {usage['peak_memory_mb']:8.1f} "
        f"{'-' if cached is None else f'{cached:.1f}':>8} {shown(reference, MIB):>8} "
        f"{shown(error, MIB):>7} {shown(run.time_rss, MIB):>6}  {bound:10} "
        f"{usage['cordon_cpu_seconds'] * 1e3:16.1f}  "
        f"{'ok' if run.ok(mapped) else 'NOT OK'}"
    )


def in_surrounding(where, works, cordon, args, place):
    print(f"\n{where}\n{HEADER}", flush=True)
    bad = 0
    bare = Run(WORKS[0], where, cordon, args, place)
    mapped = bare.bystander_rss - (bare.group_peak or 0)
    for work in works:
        run = Run(work, where, cordon, args, place)
        if not run.ok(mapped):  # a busy moment of the machine is no mistake: it does not come back
            run = Run(work, where, cordon, args, place)
        print(line(run, mapped), flush=True)
        bad += not run.ok(mapped)
    return bad


def version(command):
    """The first line that it says of itself, or None."""
    try:
        said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return (said.stdout + said.stderr).splitlines()[0]


def find_others(args):
    """Who else measures; a row or column that is left out is named."""
    found = version(TIME)
    args.time = bool(found and "GNU" in found)
    args.stress = version("stress-ng")
    print(f"references: {found}" if args.time else "no GNU time (package time): its columns stay empty")
    left_out = [work.name for work in WORKS if "stress" in work.words]
    missing = f"no stress-ng (package stress-ng), left out: {', '.join(left_out)}"
    print(args.stress or missing)
    left_out = [work.name for work in WORKS if "numpy" in work.words]
    if not args.numpy:
        print(f"no numpy (--numpy), left out: {', '.join(left_out)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--where", action="append")
    parser.add_argument("--numpy")
    parser.add_argument("--bystander", type=Path, required=True)
    parser.add_argument("build", type=Path)
    args = parser.parse_args()
    find_others(args)
    works = [
        work
        for work in WORKS
        if (work.name in QUICK or not args.quick)
        and args.only in work.name
        and (args.numpy or "numpy" not in work.words)
        and (args.stress or "stress" not in work.words)
    ]
    root = os.getuid() == 0
    place = Path(tempfile.mkdtemp(prefix="cordon-usage-", dir="/var/tmp"))
    bad = 0
    try:
        place.chmod(0o755)
        for name in ("cordon", "cordon-sandbox"):  # an ordinary user may not come into our home
            shutil.copy(args.build / name, place / name)
        shutil.copytree(args.build / "policies", place / "policies")
        policy = json.loads((place / "policies/default.json").read_text())
        policy["name"] = "memfd"
        policy["syscalls"]["rules"].insert(0, {"allow": ["memfd_create"], "why": "a row of the table"})
        (place / "memfd.json").write_text(json.dumps(policy))
        shutil.copy(args.bystander, place / "bystander")
        if args.numpy:
            shutil.copytree(args.numpy, place / "numpy")
            args.numpy = place / "numpy"
        args.bystander = place / "bystander"
        for where in args.where or (["root", "no cgroups", "user"] if root else ["user"]):
            state = place / f"state-{where.replace(' ', '-')}"
            state.mkdir()
            if where == "user" and root:
                os.chown(state, SOMEBODY, SOMEBODY)
            bad += in_surrounding(where, works, place / "cordon", args, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"\n{bad} rows not ok" if bad else "\nall rows ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
