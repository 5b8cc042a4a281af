# SPDX-License-Identifier: Apache-2.0
"""What goes in and out of a box at the command line: input, output, results and signals."""

import hashlib
import json
import os
import pty
import signal
import stat
import subprocess
import time

import pytest

import support


def loads_one(text):
    """The one line of JSON that is all of the text."""
    assert text.count("\n") == 1 and text.endswith("\n")
    return json.loads(text)


# --- standard input ------------------------------------------------------------------------------


def test_standard_input_reaches_the_script(run):
    given = bytes(range(256)) * 4000
    code = "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    assert run("run", "-c", code, input=given).out.strip() == hashlib.sha256(given).hexdigest()


def test_standard_input_from_a_file(start, tmp_path):
    file = tmp_path / "input"
    file.write_bytes(b"line\n" * 100_000)
    with file.open("rb") as handle:
        process = start("exec", "--", "/usr/bin/wc", "-l", stdin=handle)
        assert support.finish(process).out.split() == ["100000"]


def test_a_terminal_is_not_the_scripts(start):
    """isatty() is false without --tty, and nothing can be typed into the caller's terminal."""
    leader, follower = pty.openpty()
    process = start(
        "run",
        *("-c", "import sys; print(sys.stdin.isatty(), sys.stdin.readline())"),
        stdin=follower,
    )
    os.write(leader, b"typed\n")
    assert support.finish(process).out == "False typed\n\n"
    os.close(leader)
    os.close(follower)


def test_a_script_that_reads_nothing_does_not_hold_anybody_up(start):
    with open("/dev/zero", "rb") as zero:
        assert support.finish(start("exec", "--", "/bin/true", stdin=zero)).exit == 0


def test_closed_standard_descriptors_do_no_harm(cordon, state):
    environment = support.clean_environment(CORDON_STATE=str(state))
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        result = subprocess.run(
            [
                "/bin/sh",
                "-c",
                f'"$0" exec -- /bin/sh -c "echo out; echo err >&2; exit 3" {closed}',
                str(cordon),
            ],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 3, (closed, result.stderr)
        assert result.stdout == (b"" if ">&-" in closed.replace("2>&-", "") else b"out\n")


# --- output --------------------------------------------------------------------------------------


def test_output_comes_as_it_is_written(start):
    process = start("run", "-c", "print('first'); input()")
    assert process.stdout.readline() == b"first\n"
    process.stdin.write(b"\n")
    assert support.finish(process).exit == 0


def test_a_slow_reader_slows_the_script_and_loses_nothing(start):
    process = start(
        "run", "-c", "import sys; sys.stdout.write('x' * (3 << 20)); sys.stdout.flush()"
    )
    total = 0
    while chunk := process.stdout.read1(8192):
        total += len(chunk)
        if total < 200_000:
            time.sleep(0.01)
    assert total == 3 << 20
    assert process.wait() == 0


def test_a_stopped_reader_does_not_keep_the_time_limit_from_coming(start):
    def attempt(seconds):
        process = start("run", "--timeout", f"{seconds}s", "-c", "while True: print('x' * 1000)")
        time.sleep(seconds + 0.5)
        return support.finish(process)

    _, result = support.limited(attempt, lambda result: result.out)
    assert result.exit == 124
    assert set(result.out.splitlines()[:-1]) == {"x" * 1000}


def test_output_above_the_limit_is_dropped_and_counted(run):
    code = (
        "import sys; sys.stdout.write('x' * 300_000); sys.stdout.flush(); sys.stderr.write('end')"
    )
    result = run("run", "--output", "100K", "-c", code)
    assert result.exit == 0
    assert result.out == "x" * 102_400
    dropped = 300_003 - 102_400
    assert (
        result.err == f"cordon: {dropped} bytes of output dropped: output limit of 100K reached\n"
    )


def peak_kib(process):
    """The most memory that the process itself ever had."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1])


def test_a_flood_costs_no_memory(start, tmp_path):
    flood = "for _ in range(100): sys.stdout.write('x' * (1 << 20))"
    report = tmp_path / "report.json"
    process = start(
        *("run", "--report", report, "-c"),
        f"import sys; print('ready'); input()\n{flood}\nsys.stdout.flush(); input()",
    )
    assert process.stdout.readline() == b"ready\n"
    before = peak_kib(process)
    process.stdin.write(b"\n")
    process.stdin.flush()
    kept = (64 << 20) - len("ready\n")
    while kept > 0:
        kept -= len(process.stdout.read1(1 << 20))
    assert peak_kib(process) - before < 4096
    assert support.finish(process, b"\n").exit == 0
    answer = json.loads(report.read_text())
    assert answer["output"]["stdout_bytes"] == (100 << 20) + len("ready\n")
    assert answer["output"]["truncated"] is True
    assert report.stat().st_size < 64 << 10


def test_cordons_words_begin_a_line_of_their_own(run):
    result = run("run", "-c", "import os, sys; sys.stderr.write('half'); os.kill(os.getpid(), 9)")
    assert result.exit == 128 + 9
    assert result.err == "half\ncordon: ended by signal 9 SIGKILL\n"


def test_a_reader_that_goes_away_is_no_news(cordon, state):
    """Of the output it ends the script, without a word; of the errors it ends nothing."""
    environment = support.clean_environment(CORDON_STATE=str(state))
    lines = "import sys\nfor _ in range(100_000): print('y' * 70, file=sys.%s)\nprint('done')"
    script = 'exec 3>/dev/null; "$0" run -c "$1" %s | head -n 1; echo "${PIPESTATUS[0]}"'
    for redirect, stream, out in (
        ("2>&1", "stdout", "y" * 70 + "\n130\n"),
        ("2>&1 >&3", "stderr", "y" * 70 + "\n0\n"),
    ):
        result = subprocess.run(
            ["/bin/bash", "-c", script % redirect, cordon, lines % stream],
            env=environment,
            capture_output=True,
            timeout=120,
            check=True,
        )
        assert (result.stdout.decode(), result.stderr) == (out, b"")


def test_quiet_says_nothing(run):
    for words in (
        ["--timeout", "100ms", "-c", "import time; time.sleep(600)"],
        ["--policy", "nosuch", "-c", "1"],
    ):
        result = run("run", "--quiet", *words)
        assert (result.out, result.err) == ("", "")
        assert result.exit in (124, 125)


# --- the result object ---------------------------------------------------------------------------


def test_json_is_the_result_object(run):
    result = run(
        "run", "--json", "-c", "import sys; print(1); print(2, file=sys.stderr); sys.exit(3)"
    )
    assert (result.exit, result.err) == (3, "")
    answer = loads_one(result.out)
    assert answer["status"] == "completed"
    assert (answer["stdout"], answer["stderr"], answer["exit_code"]) == ("1\n", "2\n", 3)
    assert (answer["end"], answer["signal"], answer["reached"], answer["error"]) == (
        "exited",
        None,
        [],
        None,
    )
    assert answer["execution_strategy"] == "uv-run"
    assert answer["policy"] == "default"
    assert answer["output"] == {"stdout_bytes": 2, "stderr_bytes": 2, "truncated": False}
    assert answer["limits"]["wall_seconds"] == 300
    assert 0 < answer["usage"]["wall_seconds"] <= answer["elapsed_seconds"]
    assert answer["usage"]["cpu_user_seconds"] + answer["usage"]["cpu_system_seconds"] > 0
    assert answer["usage"]["peak_memory_mb"] > 1
    assert answer["usage"]["processes_peak"] >= 1
    assert answer["usage"]["source"] in ("cgroup", "mixed", "sampled")
    assert len(answer["job_id"]) == 36
    for layer in (
        *("user", "mount", "pid", "net", "ipc", "uts", "cgroup_ns", "time", "seccomp", "landlock"),
        *("capabilities", "no_new_privileges", "rlimits", "egress", "limits.wall", "limits.memory"),
    ):
        value = answer["layers"][layer]
        assert value == "on" or value.startswith(
            ("abi ", "off: ", "enforced (", "approximated (", "missing: ")
        )


def test_json_of_no_uv_is_the_systems_python(run):
    answer = run("run", "--json", "--no-uv", "-c", "1").json()
    assert answer["execution_strategy"] == "system-python"


def test_a_report_is_written_beside_the_output(run, tmp_path):
    report = tmp_path / "report.json"
    report.write_text("x" * 100_000)
    code = "print(1); import time; time.sleep(600)"

    def attempt(seconds):
        return run("run", "--report", report, "--timeout", f"{1000 * seconds - 750}ms", "-c", code)

    seconds, result = support.limited(attempt, lambda result: result.out)
    reached = f"wall limit of {seconds - 0.75} s reached"
    assert (result.exit, result.out) == (124, "1\n")
    answer = loads_one(report.read_text())
    assert answer["end"] == "wall"
    assert answer["status"] == "failed"
    assert answer["error"].startswith(f"{reached} (after ")
    assert answer["stderr"] == f"[TIMEOUT] {reached}\n"
    assert answer["stdout"] == "1\n"
    assert stat.S_IMODE(report.stat().st_mode) & 0o111 == 0


def test_a_report_through_a_pipe(cordon, state):
    environment = support.clean_environment(CORDON_STATE=str(state))
    result = subprocess.run(
        ["/bin/bash", "-c", '"$0" exec --report /dev/fd/3 -- /bin/true 3>&1 | cat', str(cordon)],
        env=environment,
        capture_output=True,
        check=True,
    )
    assert json.loads(result.stdout)["exit_code"] == 0


def test_a_refusal_is_a_whole_object_too(run):
    result = run("run", "--json", "--timeout", "9h", "-c", "1")
    assert result.exit == 126
    answer = loads_one(result.out)
    assert (answer["status"], answer["end"], answer["exit_code"]) == ("failed", "refused", 126)
    assert "9h" in answer["error"] and "5m" in answer["error"]


def test_bytes_that_are_no_text_are_replaced_in_the_object(run):
    data = bytes(range(128, 256)) + "€😀".encode() + b"\xe2\x82" + bytes(range(32))
    result = run("run", "--json", "-c", f"import sys; sys.stdout.buffer.write({data!r})")
    assert result.json()["stdout"] == data.decode("utf-8", "replace")
    assert result.json()["output"]["stdout_bytes"] == len(data)


def test_long_output_keeps_both_ends_and_counts(run):
    code = "for n in range(100_000): print(n)"
    answer = run("run", "--json", "-c", code).json()
    text = "".join(f"{n}\n" for n in range(100_000))
    head, gap, tail = answer["stdout"].partition("[... ")
    count, _, tail = tail.partition(" bytes left out ...]\n")
    assert gap and text.startswith(head.rstrip("\n")) and text.endswith(tail)
    assert int(count) == len(text) - len(answer["stdout"]) + len(
        f"[... {count} bytes left out ...]\n"
    ) + (0 if text.startswith(head) else 1)
    assert answer["output"] == {"stdout_bytes": len(text), "stderr_bytes": 0, "truncated": True}


# --- signals -------------------------------------------------------------------------------------

CATCH = (
    "import signal, sys\n"
    "def caught(number, frame):\n"
    "    print('caught', number)\n"
    "    sys.exit(40 + number)\n"
    "for number in (1, 2, 3, 15): signal.signal(number, caught)\n"
    "print('ready')\n"
    "while True: signal.pause()\n"
)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_a_signal_is_forwarded(start, number):
    process = start("run", "-c", CATCH)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    result = support.finish(process)
    assert (result.exit, result.out) == (40 + number, f"caught {int(number)}\n")


def test_a_signal_without_a_handler_ends_the_script(start):
    process = start("run", "-c", "import time; print('ready'); time.sleep(60)")
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    result = support.finish(process)
    assert (result.exit, result.err) == (128 + 15, "")


def test_a_second_interrupt_kills(start):
    process = start(
        "run",
        "-c",
        "import signal\nsignal.signal(2, lambda *a: print('no'))\n"
        "print('ready')\nwhile 1: signal.pause()",
    )
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == b"no\n"
    process.send_signal(signal.SIGINT)
    result = support.finish(process)
    assert (result.exit, result.err) == (130, "cordon: cancelled\n")


def test_a_terminals_interrupt_reaches_the_script_once(cordon, state):
    """Ctrl-C goes to the whole foreground group: the sandbox must not end by it."""
    environment = support.clean_environment(CORDON_STATE=str(state))
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [cordon, "run", "-c", CATCH],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
    )
    assert process.stdout.readline() == b"ready\n"
    os.write(leader, b"\x03")
    result = support.finish(process)
    os.close(leader)
    os.close(follower)
    assert (result.exit, result.out) == (42, "caught 2\n")


def test_an_ignored_hangup_stays_ignored(cordon, state):
    environment = support.clean_environment(CORDON_STATE=str(state))
    process = subprocess.Popen(
        [
            "/bin/sh",
            "-c",
            'trap "" HUP; exec "$0" run -c "print(1); input(); print(2)"',
            str(cordon),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout.readline() == b"1\n"
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(b"\n", 60)
    assert (process.returncode, out) == (0, b"2\n")
