# SPDX-License-Identifier: Apache-2.0
"""What cordon says and does on hosts that lack something: the right verdict, and a way out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import support

HERE = Path(__file__).parent
ROOT_ONLY = {"no_user_namespaces", "container_ids", "masked_proc", "no_cgroups", "readonly_cgroups"}
ROOT_ONLY |= {"chroot"}


@pytest.fixture
def within(cordon, tmp_path):
    """within(SURROUNDINGS, *ARGUMENTS) -> finished cordon in such a host, with a state of its own."""

    def within(surroundings, *arguments):
        names = surroundings.split()
        if ROOT_ONLY & set(names) and os.getuid() != 0:
            pytest.skip(f"only root can arrange {surroundings}")
        done = subprocess.run(
            [sys.executable, HERE / "surroundings.py", *names, "--", cordon, *arguments],
            env=support.clean_environment(CORDON_STATE=str(tmp_path / "state")),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode == 77:
            pytest.skip(done.stderr.strip())
        return done

    return within


@pytest.mark.parametrize(
    "surrounding, reason",
    [
        ("no_user_namespaces", "user namespaces are switched off here: set user.max_user_namespaces"),
        ("masked_proc", "systempaths=unconfined"),
        ("landlock_domain", "inside a Landlock domain"),
        ("chroot", "inside a chroot"),
        ("linux_5_10", "boxes need Linux 5.12 or newer"),
    ],
)
def test_a_host_that_cannot_build_a_box_is_explained(within, surrounding, reason):
    done = within(surrounding, "exec", "--", "/bin/true")
    assert done.returncode == 125
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    checked = within(surrounding, "check", "--json")
    assert checked.returncode != 0
    verdict = json.loads(checked.stdout)
    assert verdict["ok"] is False and reason in verdict["error"]
    assert verdict["layers"]["user"].startswith("off: ")
    assert verdict["layers"]["limits.wall"].startswith("missing: ")


def test_a_box_does_not_hold_a_box(run, cordon):
    tree = os.path.commonpath([cordon, support.sandbox_of(cordon)])
    # In a box a leak checker cannot do its work either.
    unchecked = ["--env", "ASAN_OPTIONS=detect_leaks=0"]
    done = run("exec", *unchecked, "--read", tree, "--", cordon, "exec", "--", "/bin/true")
    assert done.exit == 125
    assert "cordon inside a box" in done.err


@pytest.mark.parametrize("surrounding", ["no_cgroups", "readonly_cgroups"])
def test_without_cgroups_limits_are_sampled_and_said_to_be(within, surrounding):
    done = within(surrounding, "run", "--json", "-c", "print(1)")
    result = json.loads(done.stdout)
    assert result["exit_code"] == 0
    assert result["layers"]["limits.memory"].startswith("approximated (")
    assert result["layers"]["limits.cpu"].startswith("approximated (")
    assert result["usage"]["source"] == "sampled"
    ramp = "x = []\nwhile True: x.append(bytearray(1 << 20))"
    ended = json.loads(within(surrounding, "run", "--json", "--memory", "200M", "-c", ramp).stdout)
    assert ended["end"] == "memory" and ended["exit_code"] == 137


SHORT_CHILDREN = """
import os, time
while True:
    if os.fork() == 0:
        end = time.process_time() + .004
        while time.process_time() < end: pass
        os._exit(0)
    os.wait()
"""
NOBODY_WAITS = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(15):
    if os.fork() == 0:
        end = time.process_time() + .04
        while time.process_time() < end: pass
        os._exit(0)
    try: os.waitpid(-1, 0)
    except ChildProcessError: pass
"""


def test_where_nothing_counts_a_limit_acts_and_a_figure_says_that_it_is_a_bound(within):
    where = "no_cgroups no_counters" if support.ROOT else "no_counters"

    def used(*arguments):
        result = json.loads(within(where, "run", "--no-uv", "--json", *arguments).stdout)
        usage = result["usage"]
        return result, usage["cpu_user_seconds"] + usage["cpu_system_seconds"]

    result, seconds = used("--cpu", "300ms", "-c", SHORT_CHILDREN)
    assert (result["end"], seconds >= 0.3) == ("cpu", True), result
    result, seconds = used("-c", NOBODY_WAITS)
    if result["usage"]["source"] != "sampled":
        pytest.skip("this user has control groups")
    assert result["usage"]["cpu_at_least"] is True and 0.1 < seconds < 3, result


def policy_requiring(layer, directory, source=support.SOURCE / "policies/default.json"):
    policy = json.loads(source.read_text())
    policy["name"] = "wanting"
    policy["require"].append(layer)
    path = directory / "wanting.json"
    path.write_text(json.dumps(policy))
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("layer, runs", [("limits.memory", False), ("limits.memory~", True)])
def test_a_policy_decides_whether_an_approximation_is_enough(within, tmp_path, layer, runs):
    path = policy_requiring(layer, tmp_path)
    done = within("no_cgroups", "exec", "--policy", path, "--", "/bin/echo", "ran")
    assert done.returncode == (0 if runs else 126)
    assert (done.stdout == "ran\n") == runs
    if not runs:
        assert "requires limits.memory, which is approximated" in done.stderr


def test_a_kernel_without_landlock_is_reported(within, tmp_path):
    result = json.loads(within("no_landlock", "run", "--json", "-c", "print(1)").stdout)
    assert result["exit_code"] == 0
    assert result["layers"]["landlock"].startswith("off: the kernel has no Landlock")
    path = policy_requiring("landlock", tmp_path)
    done = within("no_landlock", "exec", "--policy", path, "--", "/bin/echo", "ran")
    assert done.returncode == 126 and done.stdout == ""
    assert "requires landlock" in done.stderr


def test_the_oldest_kernel_that_is_named_runs_scripts(within, workspace):
    done = within("linux_5_12", "run", "--directory", workspace, "-c", "open('x', 'w'); print(7)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")


def test_a_home_that_cannot_be_written_is_told_with_the_way_out(cordon, tmp_path):
    if support.ROOT:
        pytest.skip("nothing keeps root from writing there")
    home = tmp_path / "home"
    home.mkdir(mode=0o555)

    def run(**names):
        return subprocess.run(
            [cordon, "run", "-c", "print(1)"],
            env={**support.clean_environment(**names), "HOME": str(home)},
            capture_output=True,
            text=True,
        )

    done = run()
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.startswith("cordon: state directory ") and done.stderr.count("\n") == 1
    assert "--state or CORDON_STATE names another" in done.stderr
    done = run(CORDON_STATE=str(tmp_path / "state"))
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_root_of_a_container_gives_away_the_ids_it_has(within, workspace):
    code = "import os; print(os.getuid()); print(open('/proc/self/uid_map').read())"
    done = within("container_ids", "run", "-c", code)
    assert done.returncode == 0, done.stderr
    inside, outside, count = done.stdout.split()[1:4]
    assert (inside, count) == ("1000", "1")
    assert 1 <= int(outside) < 65534


def test_a_witness_outside_a_box_sees_every_layer_missing(cordon):
    if os.getuid() != 0:
        pytest.skip("only root can make the throw-away mount namespace in which it mounts")
    sandbox = support.sandbox_of(cordon)
    listener = __import__("socket").create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    segment = subprocess.run(["ipcmk", "-M", "4096"], capture_output=True, text=True, check=True)
    number = segment.stdout.split()[-1]
    try:
        with open("/proc/sysvipc/shm") as file:
            key = next(line.split()[0] for line in file if line.split()[1] == number)
        numbers = str(os.stat("/proc/self/ns/pid").st_ino)
        witness = [sandbox, "witness", str(os.getpid()), str(port), key, "61", numbers]
        done = subprocess.run(
            ["prlimit", "--nofile=1000:1000", "unshare", "-m", *witness],
            capture_output=True,
            text=True,
            check=True,
            env={"ASAN_OPTIONS": "detect_leaks=0"},
        )
    finally:
        subprocess.run(["ipcrm", "-m", number], check=True)
        listener.close()
    verdicts = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert len(verdicts) == 13
    # The host's own group may be the root of its hierarchies, its root may lack CAP_SYS_RESOURCE.
    held = {layer for layer, verdict in verdicts.items() if verdict == "ok"}
    assert held <= {"cgroup_ns", "rlimits"}


def test_the_first_process_of_a_container_is_no_process_of_its_box(cordon, tmp_path):
    """Both have the number 1."""
    if os.getuid() != 0:
        pytest.skip("only root can make a process the first of its namespace")
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", cordon, "check"],
        env=support.clean_environment(CORDON_STATE=str(tmp_path / "state")),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert [line.split() for line in done.stdout.splitlines() if " pid " in line] == [
        ["yes", "pid", "on"]
    ]


def test_check_says_yes_or_no_for_every_layer(run):
    done = run("check")
    assert done.exit == 0, done.err
    lines = [line.split() for line in done.out.splitlines() if line[:3] in ("yes", "no ")]
    names = {line[1] for line in lines}
    layers = "user mount pid net ipc uts cgroup_ns time seccomp landlock capabilities"
    assert set(f"{layers} no_new_privileges rlimits egress limits.wall".split()) <= names


def test_the_verdict_is_kept_and_made_anew_for_another_program(run, state):
    assert run("exec", "--", "/bin/true").exit == 0
    kept = Path(state) / "gate/verdict"
    before = kept.read_text()
    assert "seccomp ok" in before
    kept.write_text(before.replace("seccomp ok", "seccomp bpf() reached the kernel"))
    result = json.loads(run("exec", "--json", "--", "/bin/true").out)
    assert result["end"] == "refused"
    assert "seccomp" in result["error"] and "bpf() reached the kernel" in result["error"]
    kept.write_text("another boot\n" + before.split("\n", 1)[1].replace("ok", "bad"))
    assert run("exec", "--", "/bin/true").exit == 0
    assert kept.read_text() == before
