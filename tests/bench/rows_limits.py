# SPDX-License-Identifier: Apache-2.0
"""Rows about limits that are reached, and about what is told of CPU time."""

import os
import statistics
import time

import lines
import overshoot
import stage as stages

BURN = (
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
# Of overshoot.ROWS. How far beyond the limit, by the result and by this script; and when
# everything was gone: 50 ms, and 75 more for each gigabyte.
LIMITS = [("wall, busy", 50), ("cpu, 4 processes", 50), ("wall, 256 MB", 50 + 75 / 4)]


def limits(stage):
    """The worst may be what somebody else did in that moment: the median is judged."""
    wanted = [row for row in overshoot.ROWS for name, _ in LIMITS if row[0] == name]
    gone_ms = dict(LIMITS)
    meter = overshoot.Meter(stage.build, stage.state)
    try:
        overshoot.in_front()
        found = {row[0]: [] for row in wanted}
        for _ in range(2 if stage.quick else 30):
            for row in wanted:
                found[row[0]].append(meter.one(row))
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        meter.close()
    for name, seen in found.items():
        for at, key, what, promised in (
            (0, "told", "beyond the limit, as the result says", 10),
            (2, "gone", "from the last sign of life to the end of all", gone_ms[name]),
        ):
            times = sorted(one[at] * 1000 for one in seen if one[at] is not None)
            if not times:
                stage.table.leave_out(f"a limit of {name}: {what}", "it could not be seen")
                continue
            stage.table.add(
                f"limit-{key}-{name.replace(', ', '-').replace(' ', '-')}",
                f"a limit of {name}: {what}", statistics.median(times), unit="ms",
                promised=promised, figures=f"worst of {len(times)}: {times[-1]:.2f}",
            )  # fmt: skip


def cpu(stage):
    """The script's children burn; its own last reading is the truth, less its own exit."""
    found = stage.result("--no-uv", "-c", BURN)
    true = float(found["stdout"])
    told = found["usage"]["cpu_user_seconds"] + found["usage"]["cpu_system_seconds"]
    stage.table.add(
        "cpu-told", "CPU time reported against the script's own account", abs(told - true) * 1000,
        unit="ms", promised=max(true * 10, 2), broken=max(true * 80, 16),
        figures=f"{told * 1000:.1f} ms against {true * 1000:.1f} ms, {found['usage']['source']}",
    )  # fmt: skip


def output_lines(stage):
    """What lines cost the server, and what a ping waits meanwhile."""
    jobs, each = (10, 2000) if stage.quick else (50, 10_000)
    seen = lines.many(stage.cordon, jobs, each, stage.work)
    said = f"{jobs} jobs, {each} lines each"
    cost = (seen["front"] + seen["gate"]) / (jobs * each) * 1e6
    what = "a line of output: the server's CPU time"
    stage.table.add("line", what, cost, unit="us", promised=20, broken=200, figures=said)
    late = lines.percentile(seen["waits"], 0.95) * 1e3
    what = "a ping meanwhile (of a hundred the fifth slowest)"
    stage.table.add("ping", what, late, unit="ms", promised=5, figures=said)


def status(server, job):
    return server.call("py_job_status", job_id=job)["structuredContent"]["job"]["status"]


def sleepers(stage):
    """Background jobs that sleep: what they cost the front."""
    count = 200
    server = stage.server().begin()
    job = {"directory": stage.work, "script_content": "import time; time.sleep(600)"}
    try:
        ids = []
        for _ in range(count):
            result = server.call(stages.TOOL, async_mode=True, memory_mb=64, **job)
            ids.append(result["structuredContent"]["job_id"])
        for one in ids:  # as many begin at once as there are processors
            while status(server, one) == "pending":
                time.sleep(0.01)
        before = stages.cpu_seconds(server.pid)
        time.sleep(2)
        spent = stages.cpu_seconds(server.pid) - before
        memory = stages.resident_mb(server.pid)
    finally:
        for one in ids:
            server.call("py_cancel_job", job_id=one)
        server.close()
    stage.table.add(
        "sleepers", f"{count} background jobs that sleep: CPU time of the front in a second",
        spent / 2 * 1000, unit="ms", figures=f"{memory:.1f} MB",
    )  # fmt: skip
