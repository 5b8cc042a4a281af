# SPDX-License-Identifier: Apache-2.0
"""Rows about a box for one command: of a program, of an interpreter; ours and other people's."""

import os
import statistics

import peers
import support
import timing

# Far beyond what is promised: only what has clearly broken fails a test.
BROKEN = 10


def launchers(stage, inner):
    """bubblewrap and whoever else is here, around that command."""
    found = []
    for name, find in peers.LAUNCHERS:
        if stage.quick and name != "bubblewrap":
            continue
        try:
            found.append(peers.launcher(name, find, stage.place, inner, stage.environment))
        except peers.Missing as why:
            stage.table.leave_out(f"{name} around {os.path.basename(inner[0])}", str(why))
    return found


def compare(stage, picture, things, times, ours, against):
    """Every median and p99, and how the others compare with ours."""
    base = times[ours].median
    for thing, kept in zip(things, times):
        stage.table.draw(picture, thing.name, kept)
        if thing is things[ours]:
            continue
        stage.table.note(
            f"{thing.name:26} {kept}; ours takes {base / kept.median:.2f} x of it, at its best "
            f"{times[ours].best / kept.best:.2f}"
        )
    return base / times[against].median


def box(stage):
    """A program that does nothing, in a box: after nothing, and after an idle moment."""
    ours = stage.command("cordon exec", stage.cordon, "exec", "--", "/bin/true")
    things = [stage.command("/bin/true bare", "/bin/true"), *launchers(stage, ["/bin/true"]), ours]
    idle = [] if stage.quick else [("exec-idle", ", 25 ms after the last", 0.025)]
    for key, when, pause in [("exec", "", 0), *idle]:
        times = stage.alternate(things, 200, pause=pause)
        what = "cordon exec -- /bin/true against bubblewrap" + when
        bwrap = next(i for i, thing in enumerate(things) if thing.name == "bubblewrap")
        mine = times[-1]
        stage.table.add(
            key,
            what,
            mine.median / times[bwrap].median,
            promised=1.0,
            broken=mine.judge(BROKEN),
            figures=str(mine),
        )
        compare(stage, "a box for true" + when, things, times, -1, bwrap)


def served_box(stage):
    """The same while a server of the same user, state and settings stands, which has a box waiting."""
    what = "cordon exec -- /bin/true through a running server, against bubblewrap"
    ours = stage.command("cordon exec, through a server", stage.cordon, "exec", "--", "/bin/true")
    others = launchers(stage, ["/bin/true"])[:1]
    if not others or others[0].name != "bubblewrap":
        return
    server = timing.Server([stage.cordon, "serve", "--root", stage.work], stage.environment, stage.work)
    try:
        server.begin()
        if not stage.is_taken([stage.cordon, "exec", "--json", "--", "/bin/true"]):
            stage.table.leave_out(what, "no server takes it here")
            return
        for _ in range(10 if stage.quick else 30):  # until as many wait as follow each other
            ours.once()
        times = stage.alternate([*others, ours], 200, pause=0.025)
    finally:
        server.close()
    stage.table.add(
        "exec-served",
        what,
        times[1].median / times[0].median,
        promised=1.0,
        broken=times[1].judge(BROKEN),
        figures=f"{times[1]}; bubblewrap {times[0]}",
    )
    stage.table.draw("a box for true", ours.name, times[1])


def run(stage):
    """An interpreter that does nothing: with an environment that exists, and with none. The
    system's, because launchers show no more than /usr."""
    python = os.path.realpath(support.SYSTEM_PYTHON)
    words = ["--python", python, "-c", "pass"]
    rows = [("run-no-uv", "cordon run --no-uv -c pass", stage.run_words("--no-uv", *words))]
    with_environment = stage.run_words("--with", "six", *words)
    try:
        stage.command("", *with_environment).once()
    except timing.Broken:
        why = "the environment could not be made: no way to the package index?"
        stage.table.leave_out("cordon run -c pass in an environment that exists", why)
    else:
        what = "cordon run -c pass in an environment that exists"
        rows.insert(0, ("run", what, with_environment))
    ours = [stage.command(what, *command) for _, what, command in rows]
    others = [] if stage.quick else launchers(stage, [python, "-c", "pass"])
    things = [stage.command("python bare", python, "-c", "pass"), *ours, *others]
    times = stage.alternate(things, 120)
    for (key, what, _), mine in zip(rows, times[1:]):
        stage.table.add(
            key,
            f"{what}, against it bare",
            mine.median / times[0].median,
            promised=1.35,
            broken=mine.judge(BROKEN),
            figures=str(mine),
        )
    compare(stage, "an interpreter that does nothing", things, times, 1, 0)


def resident_server(stage):
    """cordon run while a server of the same user, state and settings stands, which takes it."""
    what = "cordon run --no-uv -c pass through a running server, against it bare"
    words = [stage.cordon, "run", "--no-uv"]
    server = timing.Server([stage.cordon, "serve", "--root", stage.work], stage.environment, stage.work)
    things = [
        stage.bare(),
        stage.command("with --no-server", *words, "--no-server", "-c", "pass"),
        stage.command("through a server", *words, "-c", "pass"),
    ]
    try:
        server.begin()
        if not stage.is_taken([*words, "--json", "-c", "pass"]):
            stage.table.leave_out(what, "no server takes it here")
            return
        times = stage.alternate(things, 100, pause=0.025)
    finally:
        server.close()
    bare, own, through = times
    stage.table.add(
        "run-served",
        what,
        through.median / bare.median,
        broken=through.judge(BROKEN),
        figures=f"{through}; with --no-server {own}; bare {bare}",
    )
    for thing, kept in zip(things, times):
        stage.table.draw("cordon run and a server", thing.name, kept)


def boxes(stage):
    """What a running server takes for a box, without what runs in it, against bubblewrap's: this
    is where a group of version 1 is promised to cost nothing."""
    server = stage.server().begin()
    call = stage.call("a call", server, policy=stage.policy("spawn"))
    others = [stage.command("true", "/bin/true"), *launchers(stage, ["/bin/true"])[:1]]
    if len(others) < 2:
        server.close()
        return
    mine = []

    class Box:
        name = "a box"

        @staticmethod
        def once():
            call.once()
            found = call.result["structuredContent"]
            mine.append((found["elapsed_seconds"] - found["usage"]["wall_seconds"]) * 1000)
            return mine[-1]

    try:
        times = stage.alternate([Box, *others], 100, pause=0.025)
    finally:
        server.close()
    theirs = statistics.median(times[2]) - statistics.median(times[1])
    stage.table.add(
        "box-served",
        "a box of a running server against bubblewrap's, less what runs in them",
        times[0].median / theirs,
        promised=1.0,
        figures=f"{times[0].median:.2f} ms; bubblewrap {theirs:.2f}",
    )
