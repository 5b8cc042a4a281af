# SPDX-License-Identifier: Apache-2.0
"""What cordon does with cgroups of version 2; process 1 of the machine that cgroup_v2 boots.

Prints RESULT<TAB>verdict<TAB>name<TAB>reason per test, END, and turns the machine off.
"""

import json
import os
import signal
import subprocess
import time
import traceback
from pathlib import Path

TOP = Path("/sys/fs/cgroup")
USER = 1000
BY_KERNEL = "enforced (cgroup v2)"
BY_KERNEL_CPU = "enforced (cgroup v2 CPU time)"
SAMPLED = "approximated (looked at ever more often near the limit)"
SAMPLED_MEMORY = (
    "approximated (sampled every 5 ms, without what the kernel keeps for sockets and the like)"
)

WHO = "by a process that the script had started"

RAMP = "kept = []\nwhile True: kept.append(bytearray(1 << 20))"
BY_CHILD = """
import os, time
if os.fork() == 0:
    kept = []
    while True: kept.append(bytearray(1 << 20))
os.wait()
time.sleep(600)
"""
BOMB = """
import os, time
made = 0
try:
    while made < 500:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except BlockingIOError:
    print(made)
"""
SPIN = "while True: pass"
ORPHANS = """
import os, time
if os.fork() == 0:
    os.setsid()
    os.fork()
time.sleep(600)
"""

# --- groups and processes ---------------------------------------------------------------------


def make_group(name, owner=0):
    """A group, and as a delegation is made (cgroups(7)): the directory and these three files."""
    group = TOP / name
    group.mkdir()
    for path in (group, *(group / f"cgroup.{f}" for f in ("procs", "threads", "subtree_control"))):
        os.chown(path, owner, owner)
    return group


def controllers(on):
    sign = "+" if on else "-"
    (TOP / "cgroup.subtree_control").write_text(f"{sign}memory {sign}pids")


def start(words, uid=0, group=TOP, stdin=subprocess.DEVNULL, **settings):
    """cordon as somebody in a group, where nobody else is unless the test put them there."""

    def become():
        (group / "cgroup.procs").write_text("0")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)

    home = "/home/user" if uid else "/root"
    environment = {"PATH": "/usr/bin", "HOME": home, "LANG": "C.UTF-8", **settings}
    return subprocess.Popen(
        ["/usr/bin/cordon", *words],
        env=environment,
        cwd=home,
        preexec_fn=become,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def cordon(*words, **where):
    process = start(words, **where)
    out, err = process.communicate(timeout=120)
    try:
        return json.loads(out)
    except ValueError:
        raise AssertionError(f"{words[0]}: no JSON: {out[-300:]!r} {err[-300:]!r}") from None


def check(**where):
    return cordon("check", "--json", **where)["layers"]


def run(code, *options, **where):
    return cordon("run", "--no-uv", "--json", *options, "-c", code, **where)


def leftovers():
    """Groups that cordon made; the one beside everybody's is there to stay."""
    return [str(path) for path in TOP.rglob("cordon-*")]


# --- asking -----------------------------------------------------------------------------------


def same(got, wanted, what, whole=None):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r} {whole or ''}"


def verdicts_are(layers, memory, cpu, pids=None):
    same(layers["limits.memory"], memory, "limits.memory")
    same(layers["limits.cpu"], cpu, "limits.cpu")
    if pids:
        same(layers["limits.pids"], pids, "limits.pids")


def nothing_is_left():
    same(leftovers(), [], "groups")


def kernel_enforces(**where):
    """Everything that a group with controllers gives, one run each."""
    verdicts_are(check(**where), BY_KERNEL, BY_KERNEL_CPU, BY_KERNEL)
    ramp = run(RAMP, "--memory", "64M", **where)
    same(ramp["end"], "memory", "ramp", ramp)
    same(ramp["layers"]["limits.memory"], BY_KERNEL, "limits.memory of the ramp")
    same(ramp["usage"]["source"], "cgroup", "source")
    peak = ramp["usage"]["peak_memory_mb"]
    assert 60 <= peak <= 64, f"a peak of {peak} MB under a limit of 64"
    child = run(BY_CHILD, "--memory", "64M", **where)
    told = [WHO in (result["error"] or "") for result in (ramp, child)]
    same((child["end"], told), ("memory", [False, True]), "who was too large", child)
    bomb = run(BOMB, "--pids", "8", **where)
    same(bomb["stdout"], "7\n", "children beside the script", bomb)
    same(bomb["reached"], ["pids"], "reached", bomb)
    spin = run(SPIN, "--cpu", "1s", **where)
    same(spin["end"], "cpu", "spin", spin)
    orphans = run(ORPHANS, "--timeout", "2s", **where)
    same(orphans["end"], "wall", "orphans", orphans)
    nothing_is_left()


def sampling_enforces(cpu, source, **where):
    """Honest about what is only looked at, and it still ends the run."""
    verdicts_are(check(**where), SAMPLED_MEMORY, cpu)
    ramp = run(RAMP, "--memory", "64M", **where)
    same(ramp["end"], "memory", "ramp", ramp)
    same(ramp["layers"]["limits.memory"], SAMPLED_MEMORY, "limits.memory of the ramp")
    same(ramp["usage"]["source"], source, "source")
    bomb = run(BOMB, "--pids", "8", **where)
    same(bomb["stdout"], "7\n", "children beside the script", bomb)
    nothing_is_left()


class Other:
    """A process that is not cordon's, in a group."""

    def __init__(self, group):
        self.process = subprocess.Popen(["/bin/busybox", "sleep", "100000"])
        (group / "cgroup.procs").write_text(str(self.process.pid))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


# --- the tests, in this order: the first finds the machine as the kernel left it ----------------


def root_at_the_top():
    kernel_enforces()


def root_beside_others_makes_a_group_at_the_top():
    group = make_group("session")
    with Other(group):
        kernel_enforces(group=group)
        same((TOP / "cordon/cgroup.procs").read_text(), "", "processes at the top")


def root_beside_others_where_the_top_hands_nothing_on():
    (TOP / "cordon").rmdir()
    controllers(on=False)
    group = TOP / "session"
    with Other(group):
        kernel_enforces(group=group)


def root_with_a_given_directory():
    controllers(on=True)
    given = make_group("given-to-root")
    kernel_enforces(group=TOP / "session", CORDON_CGROUP=str(given))
    assert (given / "cgroup.subtree_control").read_text().split(), "it was not used"


def user_in_a_delegated_group():
    kernel_enforces(uid=USER, group=make_group("delegated", USER))


def a_delegated_group_is_given_back_as_it_was():
    group = TOP / "delegated"
    same((group / "cgroup.subtree_control").read_text().strip(), "", "controllers")
    same([path.name for path in group.iterdir() if path.is_dir()], [], "groups in it")
    with Other(group):
        pass


def user_in_a_group_of_the_administrators():
    sampling_enforces(SAMPLED, "sampled", uid=USER, group=make_group("closed"))


def user_beside_others_in_a_delegated_group():
    group = TOP / "delegated"
    with Other(group):
        sampling_enforces(BY_KERNEL_CPU, "mixed", uid=USER, group=group)
        same((group / "cgroup.subtree_control").read_text().strip(), "", "controllers")


def user_with_a_given_directory_above():
    above = make_group("above", USER)
    within = above / "within"
    within.mkdir()
    os.chown(within, USER, USER)
    os.chown(within / "cgroup.procs", USER, USER)
    kernel_enforces(uid=USER, group=within, CORDON_CGROUP=str(above))


def user_with_a_given_directory_elsewhere():
    """The kernel wants the common ancestor writable; it is not, so it is as if not given."""
    given = make_group("elsewhere", USER)
    where = {"uid": USER, "group": TOP / "closed", "CORDON_CGROUP": str(given)}
    sampling_enforces(SAMPLED, "sampled", **where)
    process = start(["check"], **where)
    _, err = process.communicate(timeout=60)
    assert str(given) in err, f"nobody was told: {err!r}"


def user_with_a_given_directory_that_is_none():
    where = {"uid": USER, "group": TOP / "closed", "CORDON_CGROUP": "/home/user"}
    verdicts_are(check(**where), SAMPLED_MEMORY, SAMPLED)


def memory_without_the_controller_of_processes():
    """Processes are counted by the kernel elsewhere too; memory is not."""
    administrator = make_group("memory-alone")
    (administrator / "cgroup.subtree_control").write_text("+memory")
    where = {"uid": USER, "group": make_group("memory-alone/delegated", USER)}
    by_user = "enforced (resource limit of the box's own users)"
    verdicts_are(check(**where), BY_KERNEL, BY_KERNEL_CPU, by_user)
    bomb = run(BOMB, "--pids", "8", **where)
    same(bomb["stdout"], "7\n", "children beside the script", bomb)
    nothing_is_left()


def a_group_of_threads_takes_no_box():
    """Its controller of processes was handed on while processes lived there."""
    group = make_group("threads", USER)
    with Other(group):
        (group / "cgroup.subtree_control").write_text("+pids")
        same((group / "cgroup.type").read_text().strip(), "domain threaded", "type")
        sampling_enforces(SAMPLED, "sampled", uid=USER, group=group)


def children_of(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(true, what):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def a_killed_supervisor_leaves_no_group():
    group = TOP / "delegated"
    words = ["run", "--no-uv", "-c", "import time; time.sleep(600)"]
    process = start(words, uid=USER, group=group)
    until(
        lambda: any((path / "memory.max").exists() for path in group.glob("cordon-[0-9]*")),
        "no box was made",
    )
    for child in children_of(process.pid):
        os.kill(child, signal.SIGKILL)
    process.communicate(timeout=60)
    nothing_is_left()


def a_server_runs_its_boxes_in_groups():
    """Its supervisors are forks of its gate and live in the leaf with it."""
    group = TOP / "delegated"
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}}
    hello["clientInfo"] = {"name": "guest", "version": "1"}
    ramp = {"directory": "/home/user", "script_content": RAMP, "use_uv": False, "memory_mb": 64}
    call = {"name": "py_run_script_in_dir", "arguments": ramp}
    messages = [
        {"id": 0, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 1, "method": "tools/call", "params": call},
    ]
    server = start(["serve", "--root", "/home/user"], uid=USER, group=group, stdin=subprocess.PIPE)
    for message in messages:
        print(json.dumps({"jsonrpc": "2.0", **message}), file=server.stdin, flush=True)
    replies = {}
    while 1 not in replies:
        line = server.stdout.readline()
        assert line, f"the server ended: {server.stderr.read()[-500:]!r}"
        reply = json.loads(line)
        replies[reply.get("id")] = reply
    got = replies[1].get("result", {}).get("structuredContent")
    assert got, f"no result: {replies[1]}"
    same(got["end"], "memory", "ramp", got)
    same(got["layers"]["limits.memory"], BY_KERNEL, "limits.memory")
    server.communicate(timeout=60)
    try:
        until(lambda: not leftovers(), "groups were left")
    except AssertionError as failure:
        left = {path: Path(path, "cgroup.procs").read_text().split() for path in leftovers()}
        raise AssertionError(f"{failure}: {left}") from None
    same((group / "cgroup.subtree_control").read_text().strip(), "", "controllers")


TESTS = [
    root_at_the_top,
    root_beside_others_makes_a_group_at_the_top,
    root_beside_others_where_the_top_hands_nothing_on,
    root_with_a_given_directory,
    user_in_a_delegated_group,
    a_delegated_group_is_given_back_as_it_was,
    user_in_a_group_of_the_administrators,
    user_beside_others_in_a_delegated_group,
    user_with_a_given_directory_above,
    user_with_a_given_directory_elsewhere,
    user_with_a_given_directory_that_is_none,
    memory_without_the_controller_of_processes,
    a_group_of_threads_takes_no_box,
    a_killed_supervisor_leaves_no_group,
    a_server_runs_its_boxes_in_groups,
]


def one(test):
    start = time.monotonic()
    try:
        test()
        verdict, reason = "passed", ""
    except Exception as problem:  # noqa: BLE001 whatever it is, the next test is run
        traceback.print_exc()
        verdict, reason = "failed", " ".join(str(problem).split())[:900]
    print(f"# {test.__name__}: {time.monotonic() - start:.1f} s")
    print("RESULT", verdict, test.__name__, reason, sep="\t", flush=True)


def main():
    os.chown("/home/user", USER, USER)
    os.environ["PATH"] = "/usr/bin"
    for test in TESTS:
        one(test)
    print("END", flush=True)


try:
    main()
finally:
    subprocess.run(["/bin/busybox", "poweroff", "-f"])
