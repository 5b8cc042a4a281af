# SPDX-License-Identifier: Apache-2.0
"""The audit log: one line per run that was asked for, and nothing in it that is secret."""

import hashlib
import json
import os
import pwd
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import support
from jobs import IN_DIR


@pytest.fixture
def state(tmp_path):
    """A log of this test's own."""
    return tmp_path / "state"


def lines_of(state):
    path = Path(state, "gate/audit.log")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_run_leaves_one_line_that_says_who_what_and_what_came_of_it(python, state):
    code = "import sys; sys.exit(3)"
    assert python(code).exit == 3
    (line,) = lines_of(state)
    said = {name: line[name] for name in ("event", "by", "principal", "uid", "user", "tool")}
    assert said == {
        "event": "end",
        "by": "operator",
        "principal": "local",
        "uid": os.getuid(),
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "tool": "cordon run",
    }
    assert (line["kind"], line["sha256"], line["path"]) == ("script", sha256(code), None)
    assert (line["end"], line["exit_code"], line["error"]) == ("exited", 3, None)
    assert line["policy"] == "default" and len(line["policy_sha256"]) == 64
    assert line["python"].startswith("3.")
    assert line["wall_seconds"] > 0 and line["peak_memory_bytes"] > 0
    assert oct(Path(state, "gate/audit.log").stat().st_mode)[-3:] == "600"


def test_a_script_in_place_is_hashed_and_a_command_named(run, state, workspace):
    code = "print(1)\n"
    script = workspace / "in place.py"
    script.write_text(code)
    assert run("run", "--directory", workspace, script).exit == 0
    assert run("exec", "--", "/bin/echo", "hunter2").exit == 0
    placed, command = lines_of(state)
    assert (placed["path"], placed["sha256"]) == (str(script), sha256(code))
    assert placed["directory"] == str(workspace)
    assert (command["kind"], command["path"]) == ("command", "/bin/echo")
    assert "hunter2" not in Path(state, "gate/audit.log").read_text()


def test_secrets_are_not_in_it(run, python, state):
    assert python("print(input())", "--env", "A=hunter2", input=b"hunter2\n").exit == 0
    assert run("run", "--env", "TOKEN=hunter2", "-c", "pass", "hunter2").exit == 0
    assert len(lines_of(state)) == 2
    assert "hunter2" not in Path(state, "gate/audit.log").read_text()


def test_a_log_that_was_renamed_is_begun_anew(python, state):
    """As logrotate does it (packaging/logrotate.d): nobody needs to be told."""
    log = Path(state, "gate/audit.log")
    assert python("print(1)").exit == 0
    older = log.read_text()
    log.rename(log.with_suffix(".log.1"))
    assert python("print(2)").exit == 0
    (line,) = lines_of(state)
    assert line["sha256"] == sha256("print(2)") and log.stat().st_mode & 0o777 == 0o600
    assert log.with_suffix(".log.1").read_text() == older


def test_refusals_and_limits_are_in_it(python, state):
    assert python("pass", "--memory", "900G").exit == 126
    assert python("pass", "--policy", "none-such").exit == 125
    assert python("while True: pass", "--timeout", "200ms").exit == 124
    above, unknown, wall = lines_of(state)
    assert (above["end"], above["exit_code"], above["sha256"]) == ("refused", 126, sha256("pass"))
    assert "900G" in above["error"]
    assert (unknown["end"], unknown["policy"]) == ("fault", "none-such")
    assert unknown["policy_sha256"] is None
    assert (wall["end"], wall["exit_code"]) == ("wall", 124)


def test_a_clients_runs_are_a_clients(serve, state, tmp_path):
    client = serve()
    result = client.call(1, IN_DIR, directory=str(tmp_path), script_content="print(1)")
    job = result["structuredContent"]["job_id"]
    (line,) = lines_of(state)
    assert (line["job"], line["by"], line["tool"]) == (job, "client", IN_DIR)
    assert (line["directory"], line["sha256"]) == (str(tmp_path), sha256("print(1)"))


def test_runs_at_once_never_mix_their_lines(python, state):
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda n: python(f"pass  # {n}"), range(8)))
    assert {line["sha256"] for line in lines_of(state)} == {
        sha256(f"pass  # {n}") for n in range(8)
    }


# --- when things die ------------------------------------------------------------------------------


def supervisor_of(pid, marker):
    """The process of cordon-sandbox above the script."""

    def found():
        return [
            other
            for other in support.descendants(pid)
            if any(marker in support.processes().get(child, "") for child in grand(other))
            and "cordon-sandbox" in support.processes().get(other, "")
        ]

    def grand(other):
        return [child for init in support.children(other) for child in support.children(init)]

    support.soon(found)
    return found()[-1]


def test_a_run_whose_supervisor_is_killed_is_written_down(start, state):
    marker = "audit-killed-supervisor"
    code = "import time; print('begun', flush=True); time.sleep(600)"
    process = start("run", "-c", code, marker)
    assert process.stdout.readline() == b"begun\n"
    os.kill(supervisor_of(process.pid, marker), signal.SIGKILL)
    assert support.finish(process).exit == 125
    (line,) = lines_of(state)
    assert (line["end"], line["exit_code"]) == ("fault", 125)
    assert (line["error"], line["sha256"]) == ("the supervisor died", sha256(code))


def test_so_is_a_clients(serve, state, tmp_path):
    code = "import subprocess; open('begun', 'w'); subprocess.run(['sleep', '600'])"
    client = serve(env={"SMART_ASYNC_TIMEOUT_SECONDS": "0"})
    client.start_call(1, IN_DIR, directory=str(tmp_path), script_content=code)

    def supervisors():
        (gate,) = support.children(client.pid)
        return [pid for pid in support.children(gate) if support.children(pid)]

    support.soon((tmp_path / "begun").exists)
    for pid in supervisors():
        os.kill(pid, signal.SIGKILL)
    result = client.reply(1)["result"]
    assert result["structuredContent"]["end"] == "fault"
    support.soon(lambda: lines_of(state))
    (line,) = lines_of(state)
    assert (line["end"], line["job"]) == ("fault", result["structuredContent"]["job_id"])
    assert line["sha256"] == sha256(code)


# --- a log that cannot be written --------------------------------------------------------------------


def configured(tmp_path, audit):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"audit": audit}))
    return ("--config", path)


def test_it_can_lie_elsewhere(python, tmp_path):
    log = tmp_path / "elsewhere.log"
    assert python("pass", *configured(tmp_path, str(log))).exit == 0
    assert json.loads(log.read_text())["end"] == "exited"


@pytest.mark.parametrize("audit", ["missing/log", "directory", "link", "fifo", "others"])
def test_a_log_that_cannot_be_written_is_said_once_and_the_run_goes_on(python, tmp_path, audit):
    path = tmp_path / audit
    if audit == "directory":
        path.mkdir()
    elif audit == "link":
        path.symlink_to(tmp_path / "target")
    elif audit == "fifo":
        os.mkfifo(path)
    elif audit == "others":
        path.touch()
        path.chmod(0o666)
    result = python("print(1)", *configured(tmp_path, str(path)))
    assert (result.exit, result.out) == (0, "1\n")
    assert result.err.count("event=audit-not-written") == 1
    assert str(path) in result.err
    assert not (tmp_path / "target").exists()


def test_where_it_is_required_nothing_runs_without_it(python, tmp_path, workspace):
    required = {"path": str(tmp_path / "missing/log"), "required": True}
    touch = "open('ran', 'w')"
    result = python(touch, "--directory", workspace, *configured(tmp_path, required))
    assert result.exit == 125
    assert "nothing runs without a line in the audit log" in result.err
    assert not (workspace / "ran").exists()
    (tmp_path / "missing").mkdir()
    assert python(touch, "--directory", workspace, *configured(tmp_path, required)).exit == 0
    start, end = map(json.loads, (tmp_path / "missing/log").read_text().splitlines())
    assert (start["event"], end["event"]) == ("start", "end")
    assert start["job"] == end["job"] and start["sha256"] == end["sha256"] == sha256(touch)


def test_half_a_line_spoils_no_other(python, state):
    log = Path(state, "gate/audit.log")
    assert python("pass").exit == 0
    with log.open("a") as stream:
        stream.write('{"event":"end","ti')
    assert python("pass").exit == 0
    first, half, last = log.read_text().splitlines()
    assert json.loads(first)["end"] == json.loads(last)["end"] == "exited"


@pytest.mark.skipif(not support.ROOT, reason="mounts a small file system")
@pytest.mark.parametrize("required", [False, True])
def test_a_full_disk(cordon, tmp_path, required):
    config = tmp_path / "config.json"
    log = tmp_path / "small/audit.log"
    config.write_text(json.dumps({"audit": {"path": str(log), "required": required}}))
    (tmp_path / "small").mkdir()
    result = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            f"mount -t tmpfs -o size=8k none {tmp_path}/small && "
            f"head -c 1M /dev/zero >{tmp_path}/small/fill; "
            f"exec {cordon} --state {tmp_path}/state --config {config} run -c 'print(1)'",
        ],
        env=support.clean_environment(),
        capture_output=True,
        check=False,
    )
    assert b"No space left on device" in result.stderr
    assert (result.returncode, result.stdout) == ((125, b"") if required else (0, b"1\n"))
