# SPDX-License-Identifier: Apache-2.0
"""Rows about calls of a server: one after the other, many at once, in every way a box can start."""

import concurrent.futures
import json
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import peers
import stage as stages
import timing

BROKEN = 20  # far beyond what is promised: only what has clearly broken fails a test
PAUSE = 0.025  # between two calls: a pool has so long to fill
IN_FLIGHT = 32
SETTLE, SETTLE_QUICK = 10, 4  # seconds until a pool has to stand
RIGHT = '"stdout":"1\\n"'  # of print(1), as a line of JSON-RPC holds it


def ready(stage, start, server, **more):
    """A call whose boxes are started so; raises Missing where this build or host has no such."""
    call = stage.call(f"cordon, {start}", server, policy=stage.policy(start), **more)
    settle = SETTLE_QUICK if stage.quick else SETTLE
    pause, end = PAUSE, time.monotonic() + settle
    try:
        call.once()
        while not stages.is_started(call.result, start):
            told = stages.told_start(call.result)
            if told is None:
                raise peers.Missing("this build starts every box afresh")
            if time.monotonic() > end:
                raise peers.Missing(f"after {settle} s its layer `start` still says {told!r}")
            time.sleep(pause)  # a busy machine needs longer to make one ready
            pause = min(pause * 2, 1)
            call.once()
    except timing.Broken as problem:
        raise peers.Missing(str(problem)[:160]) from None
    call.of_kind.clear()
    return call


def offered(stage, server, starts=stages.STARTS, **more):
    """(start, call) of each kind that works here; the others are named, once."""
    found = []
    for start in starts:
        try:
            found.append((start, ready(stage, start, server, **more)))
        except peers.Missing as why:
            stage.leave_out(f"boxes of the kind {start}", str(why))
    return found


def runners(stage):
    found = []
    for name, find in [] if stage.quick else peers.RUNNERS:
        try:
            found.append(peers.runner(find, stage.environment, stage.python, stage.work))
        except peers.Missing as why:
            stage.table.leave_out(f"{name}, a call", str(why))
    return found


def phases(stage, call, runs):
    """Where the time of a warm call goes, to the tenth of a millisecond."""
    kept = {}
    for _ in range(runs):
        time.sleep(PAUSE)
        whole = call.once()
        found = call.result["structuredContent"]
        told = dict(found["usage"]["phases"])
        told["front, gate and reply"] = whole / 1000 - sum(told.values())
        for name, seconds in told.items():
            kept.setdefault(name, []).append(seconds * 1000)
    words = ", ".join(f"{name} {statistics.median(times):.1f}" for name, times in kept.items())
    stage.table.note(f"phases of such a call in ms: {words}")


def warm(stage):
    """print(1) over stdio, 25 ms between calls. Blocks, so that a call follows one of its like."""
    server = stage.server().begin()
    mine = offered(stage, server)
    others = runners(stage)
    things = [stage.bare(), *(call for _, call in mine), *others]
    try:
        times = stage.alternate(things, 400, pause=PAUSE, block=4)
        for (start, call), kept in zip(mine, times[1:]):
            base = times[0].median
            promised = None if start == "spawn" else 0.40
            figures = (
                f"{kept}; bare {times[0]}; best against best {kept.best / times[0].best:.2f} x; "
                f"{sum(call.of_kind)} of {len(call.of_kind)} were"
            )
            what = f"py_run_script_in_dir of print(1), {start}"
            stage.table.add(
                f"warm-{start}", f"{what}, against it bare", kept.median / base,
                promised=promised, broken=kept.judge(BROKEN), figures=figures,
            )  # fmt: skip
            stage.table.add(
                f"warm-{start}-p99", f"{what}: p99 against the median", kept.p99 / kept.median,
                promised=4, figures=f"{len(kept)} calls",
            )  # fmt: skip
            phases(stage, call, 5 if stage.quick else 50)
        for thing, kept in zip(things, times):
            stage.table.draw("a warm call of print(1)", thing.name, kept)
        for thing, kept in zip(others, times[1 + len(mine) :]):
            words = ", ".join(
                f"{start} takes {ours.median / kept.median:.2f} x of it"
                for (start, _), ours in zip(mine, times[1:])
            )
            stage.table.note(f"{thing.name:26} {kept}; {words}")
    finally:
        for thing in [server, *others]:
            thing.close()


def imports(stage):
    """import requests, the second call, against an environment's own python."""
    what = "import requests, the second call"
    try:
        python = environment_with(stage, "requests")
    except peers.Missing as why:
        stage.table.leave_out(what, str(why))
        return
    server = stage.server().begin()
    more = {"tool": stages.TOOL_WITH, "code": "import requests", "dependencies": ["requests"]}
    try:
        mine = offered(stage, server, stages.STARTS[:2], **more)  # with packages fork means pool
        bare = stage.command("bare", python, "-c", "import requests")
        times = stage.alternate([bare, *(call for _, call in mine)], 80, pause=PAUSE, block=2)
        for (start, call), kept in zip(mine, times[1:]):
            stage.table.add(
                f"requests-{start}",
                f"{what}, {start}, against the environment's python bare",
                kept.median / times[0].median,
                promised=1.1 if start == "spawn" else 0.3,
                broken=kept.judge(BROKEN),
                figures=f"{kept}; bare {times[0]}; {sum(call.of_kind)} of {len(call.of_kind)} were",
            )
    finally:
        server.close()


def environment_with(stage, package):
    """The python of an environment of the same interpreter, bytecode made; raises Missing."""
    uv, where = stage.environment["CORDON_UV"], Path(stage.place, f"with-{package}")
    more = {**stage.environment, "UV_LINK_MODE": "copy", "UV_CACHE_DIR": str(Path(stage.place, "uv"))}
    for words in (
        [uv, "venv", "-q", "--python", stage.python, str(where)],
        [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(where), package],
    ):
        try:
            done = subprocess.run(
                words, env=more, stderr=subprocess.PIPE, timeout=180, text=True, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise peers.Missing(f"{words[1]}: {problem}") from None
        if done.returncode:
            raise peers.Missing(f"uv {words[1]}: {' '.join(done.stderr.split())[-160:]}")
    return str(where / "bin" / "python")


def server_start(stage):
    """Until tools/list is answered; what front and gate then take, idle and without a pool."""
    times, memory, bare = timing.Times(), timing.Times(), []
    plain = stage.bare()
    for _ in range(5 if stage.quick else 40):
        bare.append(plain.once())
        begun = time.perf_counter()
        server = stage.server().begin()
        server.request("tools/list")
        times.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.05)
        memory.append(sum(map(stages.resident_mb, stages.server_pids(server.pid))))
        server.close()
    what = "start of cordon serve to tools/list answered"
    figures = f"p99 {times.p99:.2f}, {len(times)} starts"
    stage.table.add("start", what, times.median, unit="ms", promised=15, figures=figures)
    base = statistics.median(bare)
    stage.table.add(
        "start-bare", f"{what}, against python bare", times.median / base,
        broken=BROKEN, figures=f"bare {base:.2f} ms",
    )  # fmt: skip
    stage.table.add(
        "idle-memory", "resident memory of front and gate, idle, no pool", memory.median,
        unit="MB", promised=8, broken=24, figures=f"most {max(memory):.2f}",
    )  # fmt: skip


# --- many at once -----------------------------------------------------------------------------


class Load:
    """calls.c with a server of its own."""

    def __init__(self, program, stage, kinds, in_flight=IN_FLIGHT):
        requests = Path(stage.place, "requests")
        lines = []
        for name, right, cancel_ms, tool, arguments in kinds:
            message = {"jsonrpc": "2.0", "id": "@", "method": "tools/call"}
            message["params"] = {"name": tool, "arguments": arguments}
            text = json.dumps(message).replace('"id": "@"', '"id": @ID@')
            lines.append(f"{name}\t{right}\t{cancel_ms}\t{text}\n")
        requests.write_text("".join(lines))
        words = [program, str(in_flight), str(requests), *stage.serve_words()]
        self.log = Path(stage.place, "load.log")  # the server's, and what was wrong first
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words, env=stage.environment, cwd=stage.work, text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self.pid = self._said()["server"]

    def _said(self):
        line = self.process.stdout.readline()
        if not line:
            said = self.log.read_text(errors="replace")[-300:]
            raise timing.Broken(f"the client of the load ended: {self.process.wait()}, {said}")
        return json.loads(line)

    def make(self, count):
        self.process.stdin.write(f"{count}\n")
        return self._said()

    def close(self):
        self.process.stdin.close()
        last = self._said()
        self.process.wait(60)
        self.process.stdout.close()
        return last


def bare_seconds(stage, count):
    """As many starts of the interpreter, on each core one after the other."""
    cores = len(os.sched_getaffinity(0))
    each = max(1, count // cores)
    thing = stage.bare(stages.PRINT)
    thing.session = True

    def one_after_another(_):
        for _ in range(each):
            thing.once()

    begun = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(cores) as workers:
        list(workers.map(one_after_another, range(cores)))
    return (time.perf_counter() - begun) * count / (each * cores)


def flight(stage, program, start, count):
    """Turns of bare starts and of calls. (seconds of each, memory after each turn, the last word)"""
    arguments = {
        "directory": stage.work,
        "script_content": stages.PRINT,
        "policy": stage.policy(start),
    }
    load = Load(program, stage, [("print", RIGHT, -1, stages.TOOL, arguments)])
    turns, part = (1, 1) if stage.quick else (10, 4)  # of bare starts a part is enough
    ours = bare = 0.0
    memory, cpu = [], []
    try:
        load.make(IN_FLIGHT)
        pids = stages.server_pids(load.pid)
        for _ in range(turns):
            bare += bare_seconds(stage, count // turns // part) * part
            before = sum(map(stages.cpu_seconds, pids))
            ours += load.make(count // turns)["seconds"]
            cpu.append((sum(map(stages.cpu_seconds, pids)) - before) / (count // turns))
            memory.append([stages.resident_mb(pid) for pid in pids])
    finally:
        last = load.close()
    return ours, bare, memory, statistics.median(cpu), last


def many(stage, program, count):
    server = stage.server().begin()
    starts = [start for start, _ in offered(stage, server)]
    server.close()
    for start in starts:
        ours, bare, memory, cpu, last = flight(stage, program, start, count)
        told = last["kinds"]["print"]
        what = f"{IN_FLIGHT} calls in flight, {start}"
        stage.table.add(
            f"flight-{start}", f"{what}: the rate against bare starts, one per core", bare / ours,
            least=True, promised={"spawn": 0.7, "pool": None, "fork": 2.5}[start], broken=0.07,
            figures=f"{count / ours:.0f}/s of {count}; bare {count / bare:.0f}/s; p50 "
            f"{last['p50_us'] / 1000:.1f} ms, p99 {last['p99_us'] / 1000:.1f}",
        )  # fmt: skip
        stage.table.add(
            f"flight-{start}-p99", f"{what}: p99 against p50", last["p99_us"] / last["p50_us"],
            promised=4,
        )  # fmt: skip
        stage.table.add(
            f"flight-{start}-lost", f"{what}: lost, or not as they should be",
            told["lost"] + told["wrong"] + last["unexpected"], unit="calls", promised=0, broken=0,
        )  # fmt: skip
        first, end = memory[0], memory[-1]
        stage.table.add(
            f"flight-{start}-memory", f"{what}: what front and gate gain from the first turn on",
            sum(end) - sum(first), unit="MB", promised=1, broken=24,
            figures=", ".join(f"{a:.1f} to {b:.1f} MB" for a, b in zip(first, end)),
        )  # fmt: skip
        stage.table.note(
            f"CPU time of front and gate for such a call: {cpu * 1e3:.2f} ms; "
            f"the client's, all in all: {last['client_cpu_seconds'] / ours:.0%} of a core"
        )


def compiled_client(stage):
    """calls.c as a program, or None, and named."""
    given = os.environ.get("CORDON_BENCH_CALLS")
    if given:
        return given
    if not shutil.which("cc"):
        stage.table.leave_out("many calls at once", "no compiler for the client")
        return None
    source, program = Path(__file__).with_name("calls.c"), Path(stage.place, "calls")
    words = ["cc", "-O2", "-D_GNU_SOURCE", "-o", str(program), str(source)]
    subprocess.run(words, check=True)
    return str(program)


# --- output -----------------------------------------------------------------------------------


def flood(stage):
    server = stage.server().begin()
    try:
        stage.call("warm", server).once()
        before = stages.resident_mb(server.pid)
        code = "import sys\nfor _ in range(1600): sys.stdout.write('\"\\n' * 32768)"
        stage.call("flood", server, code=code).once()
        gained = stages.resident_mb(server.pid, "VmHWM") - before
        reply = server.reply_bytes / 1024
    finally:
        server.close()
    what = "a script that writes 100 MB"
    stage.table.add("flood-reply", f"{what}: the reply", reply, unit="KB", promised=128, broken=256)
    stage.table.add(
        "flood-memory", f"{what}: what the front's memory gains", gained,
        unit="MB", promised=4, broken=16,
    )  # fmt: skip
