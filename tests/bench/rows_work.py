# SPDX-License-Identifier: Apache-2.0
"""Rows about work: the processor time of everything that a box or a call takes, whoever it is charged
to. It is nearly the same on a busy machine, where a time by the clock says little.

A control group of version 2 counts it, with all groups below it; that takes root.
"""

import os
import time
from pathlib import Path

import delegated
import peers
import rows_box
import rows_calls
import stage as stages
import support

RUNS = 40


class Meter:
    """A group that this process and all it starts are in meanwhile."""

    def __init__(self, top):
        self.top, self.group = top, top / f"measured-{os.getpid()}"

    def __enter__(self):
        self.before = self.top / own_group().lstrip("/")
        self.group.mkdir()
        (self.group / "cgroup.procs").write_text("0")
        return self

    def __exit__(self, *_):
        (self.before / "cgroup.procs").write_text("0")
        support.soon(self.removed)  # the last boxes are on their way out

    def removed(self):
        try:
            delegated.remove(self.group)
        except OSError:
            return False
        return True

    def spent_ms(self):
        """Of all of them so far but this process."""
        usage = dict(line.split() for line in (self.group / "cpu.stat").read_text().splitlines())
        return int(usage["usage_usec"]) / 1000 - time.process_time() * 1000

    def of(self, once, runs=RUNS, settle=0.0):
        """Milliseconds for one, of so many. What is done afterwards, such as taking down and making
        ready again, is part of it: it is given time to end."""
        begun = self.spent_ms()
        for _ in range(runs):
            once()
            time.sleep(settle)
        time.sleep(0.5)
        return (self.spent_ms() - begun) / runs


def own_group():
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return next(line.split(":", 2)[2] for line in lines if line.startswith("0::"))


def work(stage):
    tops = [top for top, second in delegated.hierarchies() if second]
    if not tops or not os.access(tops[0], os.W_OK):
        stage.leave_out("work", "only root can have everything counted, in a group of version 2")
        return
    with Meter(tops[0]) as meter:
        launchers(stage, meter)
        calls(stage, meter)


def launchers(stage, meter):
    ours = stage.command("cordon exec", stage.cordon, "exec", "--", "/bin/true")
    things = [stage.command("/bin/true bare", "/bin/true"), *rows_box.launchers(stage, ["/bin/true"])]
    spent = {}
    for thing in [*things, ours]:
        thing.once()
        spent[thing.name] = meter.of(thing.once)
    told = ", ".join(f"{name} {ms:.2f}" for name, ms in spent.items())
    stage.table.add(
        "work-exec", "processor time of cordon exec -- /bin/true, against bubblewrap's",
        spent[ours.name] / spent["bubblewrap"], figures=f"ms: {told}",
    )  # fmt: skip


def calls(stage, meter):
    bare = stage.bare(stages.PRINT)
    base = meter.of(bare.once)
    for start in stages.STARTS:
        server = stage.server().begin()
        try:
            call = rows_calls.ready(stage, start, server)
            spent = meter.of(call.once, settle=rows_calls.PAUSE)
        except peers.Missing as why:
            stage.leave_out(f"boxes of the kind {start}", str(why))
            continue
        finally:
            server.close()
        stage.table.add(
            f"work-{start}", f"processor time of a call of print(1), {start}, against it bare",
            spent / base, figures=f"{spent:.2f} ms, bare {base:.2f}; "
            f"{sum(call.of_kind)} of {len(call.of_kind)} were",
        )  # fmt: skip
