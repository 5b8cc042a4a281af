# SPDX-License-Identifier: Apache-2.0
"""Many calls of every kind, with kills and timeouts, and what is left of them.

usage: soak.py [--count N] [--in-flight N] [--client PROGRAM] [--counted] [--seed N] BUILD

Servers follow one another on one state: three see the end of their input, of one the front and of one
the gate is killed in the middle of calls. Before that, every hundredth call or so loses
its supervisor by SIGKILL. Every other call has to end as its kind does; none may be lost. After the
calls are counted: processes (whoever loses its parent becomes this script's child), descriptors of
front and gate, mounts, control groups, namespaces, memory. What was there before has to be there
again, and nothing else.

--counted: in a user namespace that allows hardly more namespaces of each kind than the calls in flight
need, as the kernel counts them; a box that leaves one behind takes it from a later one, which fails.
"""

import argparse
import collections
import ctypes
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import report
import rows_calls
import stage as stages
import support

PR_SET_CHILD_SUBREAPER = 36
SERVERS = "input,front,input,gate,input"  # how each ends
DETACHED = 40  # a mount that is not attached yet counts as a namespace: so many has a box being made
SLACK = 6  # descriptors: a database opens its files when it first needs them
KIND_OF_NAMESPACE = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
SLEEP = "import time; time.sleep(60)"
FILL = "x = bytearray(1 << 27)\nfor at in range(0, 1 << 27, 4096): x[at] = 1\nimport time; time.sleep(60)"
TREE = (
    "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
    "        import time; time.sleep(60)\n"
)


def kinds(stage, starts):
    """(name, what a right reply holds, ms until it is cancelled or -1, tool, arguments)."""

    def kind(name, right, code, cancel=-1, tool=stages.TOOL, **more):
        arguments = {"script_content": code, "policy": stage.policy("spawn"), **more}
        if tool == stages.TOOL:
            arguments["directory"] = stage.work
        return name, right, cancel, tool, arguments

    ended = '"end":"{}"'.format
    found = [
        kind(f"print {start}", rows_calls.RIGHT, stages.PRINT, policy=stage.policy(start))
        for start in starts
    ]
    for start in starts:
        found += [
            kind(f"cancelled {start}", "", SLEEP, 30, policy=stage.policy(start)),
            kind(f"leaves a tree {start}", ended("exited"), TREE, policy=stage.policy(start)),
        ]
    return found + [
        kind("cancelled at once", "", SLEEP, 0),
        kind("cancelled late", "", SLEEP, 700),
        kind("fails", '"exit_code":3', "raise SystemExit(3)"),
        kind("killed", ended("signalled"), "import os; os.kill(os.getpid(), 9)"),
        kind("too long", ended("wall"), "while True: pass", timeout_seconds=1),
        kind("too large", ended("memory"), FILL, memory_mb=48),
        kind("floods", '"truncated":true', "print('x' * 3000000)"),
        kind("reads", '"stdout":"given"', "print(input(), end='')", stdin="given"),
        kind("writes", ended("exited"), "import os; open('a%d' % os.getpid(), 'w').write('x')"),
        kind("in the background", '"job_id"', stages.PRINT, async_mode=True),
        kind("no directory", ended("exited"), "print(2)", tool=stages.TOOL_WITH),
    ]


# --- counting ---------------------------------------------------------------------------------


def own_processes():
    return [pid for pid in support.descendants(os.getpid()) if state(pid) not in ("", "X")]


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def reap():
    """Those whose parents were killed are ours."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def mounts(pid):
    return len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines())


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def seen(count, pid):
    """None where this account may not look into the process."""
    try:
        return count(pid)
    except PermissionError:
        return None


def census(pids):
    """Of front and gate, when nothing is under way."""
    return {
        "descriptors": [seen(descriptors, pid) for pid in pids],
        "mounts": [seen(mounts, pid) for pid in pids],
        "memory": [round(stages.resident_mb(pid), 2) for pid in pids],
    }


# --- one server -------------------------------------------------------------------------------


class Killer(threading.Thread):
    """Takes a supervisor away from its call, every now and then."""

    def __init__(self, gate, seconds):
        super().__init__(daemon=True)
        self.gate, self.seconds, self.count = gate, seconds, 0
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(self.seconds):
            of = support.parents()
            have = set(of.values())
            busy = [pid for pid, parent in of.items() if parent == self.gate and pid in have]
            if busy:
                try:
                    os.kill(random.choice(busy), signal.SIGKILL)
                    self.count += 1
                except ProcessLookupError:
                    pass  # over meanwhile

    def stop(self):
        self.stopped.set()
        self.join()
        return self.count


class Round:
    def __init__(self, stage, program, wanted, how, count, in_flight):
        self.wanted, self.how, self.count, self.faults = wanted, how, count, []
        self.load = rows_calls.Load(program, stage, wanted, in_flight)
        self.kills = self.early = self.late = None

    def run(self):
        first = max(self.count // 10, len(self.wanted))  # everything has been used once
        self.load.make(first)
        pids = stages.server_pids(self.load.pid)
        support.soon(lambda: self.still(pids), 300)
        self.early = census(pids)
        killer = Killer(pids[1], 1.0)
        killer.start()
        told = self.load.make(max(self.count - first, len(self.wanted)))
        self.kills = killer.stop()
        support.soon(lambda: self.still(pids), 300)
        self.late = census(pids)
        self.judge(told)
        if self.how == "input":
            last = self.load.close()
            if last["server_status"] != 0:
                self.faults.append(f"the server ended with {last['server_status']}")
            return last
        self.load.process.stdin.write("200\n")
        time.sleep(1)
        os.kill(pids[0 if self.how == "front" else 1], signal.SIGKILL)
        self.load.process.stdin.close()
        self.load.process.kill()
        self.load.process.wait()
        self.load.process.stdout.close()
        return told

    @staticmethod
    def still(pids):
        """Boxes that stand ahead of their order stay; what works is over."""
        family = support.descendants(pids[0])
        before = {pid: cpu_ticks(pid) for pid in family}
        time.sleep(0.3)
        after = {pid: cpu_ticks(pid) for pid in support.descendants(pids[0])}
        return after == before

    def why(self):
        """The faults that the server's log tells, the most frequent first; not those of the kills."""
        lines = re.findall(r'event=fault.*reason="(.*)"', self.load.log.read_text(errors="replace"))
        return collections.Counter(line for line in lines if "died" not in line).most_common(5)

    def judge(self, told):
        wrong = 0
        for name, counts in told["kinds"].items():
            wrong += counts["wrong"]
            if counts["lost"]:
                self.faults.append(f"{name}: {counts['lost']} calls were lost")
        if wrong > self.kills:
            self.faults.append(
                f"{wrong} calls did not end as they should, with {self.kills} kills: {self.why()}"
            )
        for what, slack in (("descriptors", SLACK), ("mounts", 0)):
            early, late = ([n or 0 for n in told[what]] for told in (self.early, self.late))
            if sum(late) > sum(early) + slack:
                self.faults.append(f"{what}: {early} became {late}")
        gained = sum(self.late["memory"]) - sum(self.early["memory"])
        if gained > 4:
            self.faults.append(f"memory of front and gate: {gained:.1f} MB more")


def cpu_ticks(pid):
    try:
        return tuple(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])
    except OSError:
        return None


def left_over(stage, groups_before):
    """Sentences about what is still there after a server's end."""
    found = []
    if not within_a_minute(lambda: reap() or not own_processes()):
        lines = support.processes()
        found.append(f"processes: {[lines.get(pid) for pid in own_processes()][:5]}")
    host = Path("/proc/self/mountinfo").read_text()
    if stage.place in host:
        found.append(f"mounts of ours: {host.count(stage.place)}")
    if not within_a_minute(lambda: not set(own_groups()) - groups_before):
        found.append(f"control groups: {sorted(set(own_groups()) - groups_before)[:5]}")
    return found


def within_a_minute(true):
    return support.eventually(true, 60, 0.05) is not None


def own_groups():
    """This account's, whose makers are gone. Others on this host have theirs meanwhile."""
    found = []
    for above, names, _ in os.walk("/sys/fs/cgroup"):  # which passes over what goes meanwhile
        for name in names:
            maker = name.removeprefix("cordon-").split("-")[0]
            if name.startswith("cordon-") and maker.isdigit() and not Path("/proc", maker).exists():
                found.append(Path(above, name))
    return [str(path) for path in found if owned(path)]


def owned(path):
    try:
        return path.stat().st_uid == os.getuid()
    except OSError:
        return False  # gone meanwhile


# --- namespaces that are counted --------------------------------------------------------------


def counted(arguments, count, in_flight):
    """This script again, as a user of a user namespace with hardly any room. What goes is taken
    down some time after its box, so there is room for some that are on their way out."""
    rooms = dict.fromkeys(KIND_OF_NAMESPACE, in_flight * 3 + max(200, count // 40))
    rooms["mnt"] += in_flight * DETACHED
    limits = "\n".join(
        f"echo {room} >/proc/sys/user/max_{kind}_namespaces || exit 77" for kind, room in rooms.items()
    )
    again = "exec unshare --user --map-user=1000 --map-group=1000 -- \"$@\""
    words = ["unshare", "--user", "--map-root-user", "sh", "-c", f"{limits}\n{again}", "sh"]
    print(f"at most so many namespaces: {rooms}", flush=True)
    return subprocess.run([*words, sys.executable, "-B", __file__, *arguments], check=False).returncode


def soak(stage, program, count, in_flight, servers):
    server = stage.server().begin()
    starts = [start for start, _ in rows_calls.offered(stage, server)]
    server.close()
    wanted, total, faults, kills = kinds(stage, starts), {}, [], 0
    before = set(own_groups())
    begun = time.monotonic()
    for how in servers:
        one = Round(stage, program, wanted, how, count // len(servers), in_flight)
        last = one.run()
        one.faults += left_over(stage, before)
        for name, told in last["kinds"].items():
            kept = total.setdefault(name, dict.fromkeys(told, 0))
            for key, value in told.items():
                kept[key] += value
        kills += one.kills
        faults += [f"the server that ended by {how}: {fault}" for fault in one.faults]
        print(f"{how:6} {one.kills:3} supervisors killed; after a tenth of the calls and after all:")
        for what in one.early:
            print(f"       {what}: {one.early[what]}, {one.late[what]} (front, gate)", flush=True)
    made = sum(sum(told.values()) for told in total.values())
    print(f"\n{made} calls in {time.monotonic() - begun:.0f} s, {in_flight} at once, {kills} kills")
    for name, told in total.items():
        print(f"  {name:24} " + "  ".join(f"{value:6} {key}" for key, value in told.items()))
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--servers", default=SERVERS, help="how each ends: input, front or gate")
    parser.add_argument("--client")
    parser.add_argument("--counted", action="store_true")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("build")
    options = parser.parse_args()
    if not os.environ.get("CORDON_UV"):
        import uv

        os.environ["CORDON_UV"] = uv.find_uv_bin()
    if options.counted:
        words = [word for word in sys.argv[1:] if word != "--counted"]
        return counted(words, options.count, options.in_flight)
    # Whoever outlives its parent shows.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(f"seed {options.seed}")
    random.seed(options.seed)
    stage = stages.Stage(options.build, report.Table("soak"), True, 1)
    print(f"as uid {os.getuid()}, memory {stage.layers['limits.memory']}", flush=True)
    try:
        program = options.client or rows_calls.compiled_client(stage)
        servers = options.servers.split(",")
        faults = soak(stage, program, options.count, options.in_flight, servers)
    finally:
        stage.close()
    print("\n".join(faults) or "nothing is left")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
