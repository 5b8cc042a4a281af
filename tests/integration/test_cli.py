# SPDX-License-Identifier: Apache-2.0
"""The command line: what it takes, what it says, and with which number it ends."""

import json
import os
import pty
import resource
import signal
import stat
import subprocess
import time

import pytest

import support


def one_line(result, *words):
    """cordon said one line of its own and nothing else; it holds these words."""
    assert result.out == ""
    assert result.err.startswith("cordon: "), result.err
    assert result.err.count("\n") == 1 and result.err.endswith("\n"), result.err
    for word in words:
        assert word in result.err
    return True


def loads_one(text):
    """The one line of JSON that is all of the text."""
    assert text.count("\n") == 1 and text.endswith("\n")
    return json.loads(text)


# --- exit statuses ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 7, 124, 137, 255])
def test_the_scripts_own_exit_status_comes_through(run, number):
    result = run("exec", "--", "/bin/sh", "-c", f"exit {number}")
    assert (result.exit, result.out, result.err) == (number, "", "")


def test_a_signal_is_128_and_its_number(python):
    result = python("import os; os.kill(os.getpid(), 11)")
    assert result.exit == 128 + 11
    assert result.err == "cordon: ended by signal 11 SIGSEGV\n"


def test_exit_137_is_not_a_memory_limit(python):
    result = python("raise SystemExit(137)", "--json")
    assert (result.exit, result.json()["end"]) == (137, "exited")


def test_the_wall_limit_is_124_and_named(python):
    before = time.monotonic()
    result = python("import time; print('first'); time.sleep(60)", "--timeout", "300ms")
    assert result.exit == 124
    assert result.out == "first\n"
    assert result.err == "cordon: [TIMEOUT] wall limit of 0.3 s reached\n"
    assert time.monotonic() - before < 10


def test_the_cpu_limit_is_124_and_named(python):
    result = python("while True: pass", "--cpu", "200ms")
    assert result.exit == 124
    assert result.err == "cordon: [TIMEOUT] cpu limit of 0.2 s reached\n"


def test_the_memory_limit_is_137_and_named(python):
    result = python("x = bytearray(300 << 20); print(len(x))", "--memory", "64M")
    assert result.exit == 137
    assert result.err == "cordon: memory limit of 64M reached\n"


def test_a_limit_above_the_policys_is_refused_with_both_numbers(run):
    result = run("run", "--timeout", "9h", "-c", "1")
    assert result.exit == 126
    assert one_line(result, "9h", "5m")


def test_an_unknown_policy_is_refused(run):
    result = run("run", "--policy", "nosuch", "-c", "1")
    assert result.exit == 126
    assert one_line(result, "nosuch")


def test_a_command_that_is_not_there_is_127(run):
    result = run("exec", "--", "/bin/no-such-program")
    assert result.exit == 127
    assert one_line(result, "no-such-program")


# --- bad input: one clear line each -------------------------------------------------------------

WRONG = [
    ([], 125, "no command is given"),
    (["frobnicate"], 125, 'no command "frobnicate"'),
    (["run"], 125, "no script is given"),
    (["exec"], 125, "no command is given"),
    (["exec", "--"], 125, "no command is given"),
    (["run", "--frobnicate", "x"], 125, "unknown option --frobnicate"),
    (["run", "-c"], 125, "-c needs a value"),
    (["run", "--json=yes", "-c", "1"], 125, "--json takes no value"),
    (["run", "--timeout", "3", "-c", "1"], 125, '--timeout: "3" is not a duration'),
    (["run", "--timeout", "-1s", "-c", "1"], 125, "--timeout"),
    (["run", "--timeout", "99999999999999999999s", "-c", "1"], 125, "--timeout"),
    (["run", "--memory", "1X", "-c", "1"], 125, "--memory"),
    (["run", "--pids", "0", "-c", "1"], 125, "--pids"),
    (["run", "no-such-script.py"], 127, "script no-such-script.py: No such file"),
    (["run", "/"], 127, "script /: Is a directory"),
    (["run", "--directory", "/no/such", "-c", "1"], 125, "--directory /no/such: No such file"),
    (["run", "--directory", "/etc/passwd", "-c", "1"], 125, "Not a directory"),
    (["run", "--read", "/no/such", "-c", "1"], 125, "--read /no/such: No such file"),
    (["run", "--write", "/no/such", "-c", "1"], 125, "--write /no/such: No such file"),
    (["run", "--env", "A-B=1", "-c", "1"], 125, '"A-B" is not a name'),
    (["run", "--env", "=1", "-c", "1"], 125, "is not a name"),
    (["run", "--env-file", "/no/such", "-c", "1"], 125, "--env-file"),
    (["run", "--python", "three", "-c", "1"], 125, "--python"),
    (["run", "--python", "/no/such", "-c", "1"], 125, "--python /no/such: No such file"),
    (["run", "--policy", "/no/such.json", "-c", "1"], 125, "--policy /no/such.json: No such file"),
    (["run", "--policy", "../default", "-c", "1"], 125, "--policy"),
    (["run", "--policy", "Default!", "-c", "1"], 125, "is not a name of a policy"),
    (["run", "--with", "--index-url=x", "-c", "1"], 125, "is not a requirement"),
    (["run", "--no-uv", "--with", "rich", "-c", "1"], 125, "requirements need uv"),
    (["run", "--report", "/no/such/file", "-c", "1"], 125, "--report /no/such/file"),
    (["run", "--log-level", "loud", "-c", "1"], 125, "--log-level"),
]


@pytest.mark.parametrize("words, status, text", WRONG, ids=lambda value: None)
def test_bad_input_is_one_clear_line(run, words, status, text):
    result = run(*words)
    assert result.exit == status
    assert one_line(result, text)


@pytest.mark.parametrize(
    "words",
    [
        ["bench", "x.py"],
        ["jobs", "list"],
        ["scripts", "list"],
        ["mcp", "config", "cursor"],
        ["policy", "diff", "default", "strict"],
        ["policy", "explain", "default", "bpf"],
        ["policy", "learn", "--", "true"],
        ["env", "export", "x", "y"],
        ["env", "import", "x"],
        ["run", "--job", "-c", "1"],
        ["run", "--tty", "-c", "1"],
        ["run", "--allow-host", "example.org", "-c", "1"],
        ["run", "--trace", "x", "-c", "1"],
        ["serve", "--http", "127.0.0.1:1"],
        ["serve", "--unix", "/x"],
    ],
    ids=" ".join,
)
def test_what_is_not_built_yet_says_so(run, words):
    result = run(*words)
    assert result.exit == 125
    assert one_line(result, "not yet")


def test_a_script_that_cannot_be_read(run, tmp_path):
    if support.ROOT:
        pytest.skip("root reads everything")
    script = tmp_path / "x.py"
    script.write_text("1")
    script.chmod(0)
    result = run("run", script)
    assert result.exit == 127
    assert one_line(result, "Permission denied")


def test_a_script_of_five_megabytes(run, tmp_path):
    script = tmp_path / "x.py"
    script.write_text("#" * (5 << 20))
    for words in ([script], ["-"]):
        result = run("run", *words, input=script.read_bytes())
        assert result.exit == 125
        assert one_line(result, "4 MiB")


def test_a_broken_line_of_an_environment_file_is_named(run, tmp_path):
    file = tmp_path / ".env"
    file.write_text("GOOD=1\nthis is wrong\n")
    result = run("run", "--env-file", file, "-c", "1")
    assert result.exit == 125
    assert one_line(result, ".env: line 2: ")


def test_two_metadata_blocks_are_refused(run, tmp_path):
    script = tmp_path / "x.py"
    script.write_text("# /// script\n# dependencies = []\n# ///\n\n" * 2)
    result = run("run", script)
    assert result.exit == 125
    assert one_line(result, "two")


def test_too_many_arguments_are_named(run):
    result = run("run", "-c", "1", "x" * 100_000)
    assert result.exit == 125
    assert one_line(result, "arguments take")


def test_a_policy_file_that_others_may_write_is_refused(run, tmp_path):
    file = tmp_path / "own.json"
    file.write_text("{}")
    file.chmod(0o666)
    result = run("run", "--policy", file, "-c", "1")
    assert result.exit == 125
    assert one_line(result, "own.json")


def test_names_with_control_characters_cannot_forge_a_line(run):
    result = run("run", "no\ncordon: all is well\x1b[2J")
    assert result.exit == 127
    assert result.err.count("\n") == 1 and "\x1b" not in result.err


# --- help ---------------------------------------------------------------------------------------


def test_help_and_version(run):
    assert run("--version").out == f"cordon {(support.SOURCE / 'VERSION').read_text().strip()}\n"
    assert run("run", "--version").out == run("--version").out
    overview = run("--help")
    assert overview.exit == 0
    for command in ("run", "exec", "serve", "check", "policy", "env"):
        text = run(command, "--help")
        assert text.exit == 0 and text.err == ""
        assert text.out.startswith(f"usage: cordon {command} ")
        assert f"\n  {command} " in overview.out
    assert "--timeout DURATION" in run("run", "--help").out


def test_cordon_mcp_is_cordon_serve(cordon, state):
    link = cordon.parent / "cordon-mcp"
    assert os.readlink(link) == "cordon"
    environment = support.clean_environment(CORDON_STATE=str(state))
    result = subprocess.run([link, "--frobnicate"], env=environment, capture_output=True, check=False)
    assert result.returncode == 125
    assert result.stderr.startswith(b"cordon: serve: unknown option")


# --- the script and its words -------------------------------------------------------------------


def test_everything_after_the_script_is_the_scripts(run, tmp_path):
    script = tmp_path / "x.py"
    script.write_text("import sys; print(sys.argv[1:])")
    result = run("run", "--quiet", script, "--json", "--", "-c", "")
    assert result.out == "['--json', '--', '-c', '']\n"
    assert run("run", "--", script, "a").out == "['a']\n"
    assert run("run", "-c", "import sys; print(sys.argv[1:])", "--json").out == "['--json']\n"


def test_a_script_from_standard_input(run):
    result = run("run", "-", "one", input=b"import sys; print(sys.argv[1:], sys.stdin.read() == '')")
    assert result.out == "['one'] True\n"


def test_a_script_from_a_pipe_without_a_name(cordon, state):
    environment = support.clean_environment(CORDON_STATE=str(state))
    result = subprocess.run(
        ["/bin/bash", "-c", '"$0" run <(echo "print(6 * 7)")', str(cordon)],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"42\n", b"")


def test_a_script_file_is_seen_at_its_own_path_and_alone(run, tmp_path):
    (tmp_path / "neighbour.py").write_text("")
    script = tmp_path / "x.py"
    script.write_text("import os; print(__file__, os.listdir(os.path.dirname(__file__)))")
    result = run("run", script, cwd=tmp_path)
    assert result.out == f"{script} ['x.py']\n"
    assert run("run", "x.py", cwd=tmp_path).out == result.out


def test_the_import_of_a_neighbour_hints_at_the_option(run, tmp_path):
    (tmp_path / "neighbour.py").write_text("print('here')")
    script = tmp_path / "x.py"
    script.write_text("import neighbour")
    result = run("run", script)
    assert result.exit == 1
    last = result.err.splitlines()[-1]
    assert last.startswith("cordon: ") and f"--directory {tmp_path}" in last
    assert "cordon: " not in run("run", "--quiet", script).err
    assert run("run", "--directory", tmp_path, script).out == "here\n"
    script.write_text("import a_module_that_is_nowhere")
    assert "cordon: " not in run("run", script).err


def test_a_script_beneath_the_workspace_runs_in_place(run, workspace):
    (workspace / "sub").mkdir()
    script = workspace / "sub" / "x.py"
    script.write_text("import os, sys; print(os.getcwd(), __file__, sys.path[0])")
    expected = f"{workspace} {script} {workspace}/sub\n"
    assert run("run", "--directory", workspace, script).out == expected
    # Where the caller's own directory has no such file, the workspace is meant.
    assert run("run", "--directory", workspace, "sub/x.py").out == expected


def test_a_workspace_named_by_a_link_is_the_directory_itself(run, workspace, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(workspace)
    result = run("run", "--directory", link, "-c", "import os; print(os.getcwd())")
    assert result.out == f"{workspace}\n"


def test_more_of_the_host_at_its_own_path(run, at_home):
    (at_home / "read").write_text("secret")
    (at_home / "write").mkdir()
    code = (
        "import sys\n"
        "print(open(sys.argv[1] + '/read').read())\n"
        "open(sys.argv[1] + '/write/new', 'w').write('made')\n"
        "open(sys.argv[1] + '/read', 'a')\n"
    )
    options = ("--read", at_home / "read", "--write", at_home / "write")
    result = run("run", *options, "-c", code, at_home)
    assert result.out == "secret\n"
    assert result.exit == 1 and "Error" in result.err.splitlines()[-1]
    assert (at_home / "write" / "new").read_text() == "made"
    assert (at_home / "write" / "new").stat().st_uid == os.getuid()


# --- variables ----------------------------------------------------------------------------------


def test_variables_come_from_options_and_files_and_nowhere_else(run, tmp_path):
    first, second = tmp_path / "1.env", tmp_path / "2.env"
    first.write_text("A=file\nB=file\nC='${A}'\n")
    second.write_text("B=second")
    code = "import os; print([os.environ.get(n) for n in 'A B C D E F'.split()])"
    result = run(
        "run",
        *("--env-file", first, "--env-file", second, "--env", "A=x=y", "--env", "D", "--env", "E="),
        *("-c", code),
        env={"D": "passed", "F": "not passed"},
    )
    assert result.out == "['x=y', 'second', 'file', 'passed', '', None]\n"


def test_a_variable_that_is_not_set_here_is_not_passed(run):
    result = run("run", "--env", "NOT_SET_HERE", "-c", "import os; print('NOT_SET_HERE' in os.environ)")
    assert result.out == "False\n"
    assert result.err == "cordon: --env NOT_SET_HERE: not set here, nothing is passed\n"


def test_the_callers_zone_is_the_scripts(run):
    code = "import os, time; print(os.environ['TZ'], time.localtime(0).tm_hour)"
    assert run("run", "-c", code, env={"TZ": "Asia/Tokyo"}).out == "Asia/Tokyo 9\n"
    assert run("run", "-c", code, env={"TZ": ":America/New_York"}).out == "America/New_York 19\n"


def test_strict_takes_no_variables(run):
    result = run("run", "--policy", "strict", "--env", "A=1", "-c", "1")
    assert result.exit == 126
    assert one_line(result, "A")


# --- standard input -----------------------------------------------------------------------------


def test_standard_input_reaches_the_script(run):
    given = bytes(range(256)) * 4000
    code = "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    import hashlib

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
            ["/bin/sh", "-c", f'"$0" exec -- /bin/sh -c "echo out; echo err >&2; exit 3" {closed}', str(cordon)],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 3, (closed, result.stderr)
        assert result.stdout == (b"" if ">&-" in closed.replace("2>&-", "") else b"out\n")


# --- output -------------------------------------------------------------------------------------


def test_output_comes_as_it_is_written(start):
    process = start("run", "-c", "print('first'); input()")
    assert process.stdout.readline() == b"first\n"
    process.stdin.write(b"\n")
    assert support.finish(process).exit == 0


def test_a_slow_reader_slows_the_script_and_loses_nothing(start):
    process = start("run", "-c", "import sys; sys.stdout.write('x' * (3 << 20)); sys.stdout.flush()")
    total = 0
    while chunk := process.stdout.read1(8192):
        total += len(chunk)
        if total < 200_000:
            time.sleep(0.01)
    assert total == 3 << 20
    assert process.wait() == 0


def test_a_stopped_reader_does_not_keep_the_time_limit_from_coming(start):
    process = start("run", "--timeout", "500ms", "-c", "while True: print('x' * 1000)")
    time.sleep(1.5)
    result = support.finish(process)
    assert result.exit == 124
    assert set(result.out.splitlines()[:-1]) == {"x" * 1000}


def test_output_above_the_limit_is_dropped_and_counted(run):
    code = "import sys; sys.stdout.write('x' * 300_000); sys.stdout.flush(); sys.stderr.write('end')"
    result = run("run", "--output", "100K", "-c", code)
    assert result.exit == 0
    assert result.out == "x" * 102_400
    dropped = 300_003 - 102_400
    assert result.err == f"cordon: {dropped} bytes of output dropped: output limit of 100K reached\n"


def test_a_flood_costs_no_memory(start):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    process = start("run", "--json", "-c", "import sys\nfor _ in range(100): sys.stdout.write('x' * (1 << 20))")
    result = support.finish(process)
    assert result.exit == 0
    answer = result.json()
    assert answer["output"]["stdout_bytes"] == 100 << 20
    assert answer["output"]["truncated"] is True
    assert len(result.out) < 64 << 10
    del before


def test_quiet_says_nothing(run):
    for words in (["--timeout", "100ms", "-c", "import time; time.sleep(9)"], ["--policy", "nosuch", "-c", "1"]):
        result = run("run", "--quiet", *words)
        assert (result.out, result.err) == ("", "")
        assert result.exit in (124, 126)


# --- the result object --------------------------------------------------------------------------


def test_json_is_the_result_object(run):
    result = run("run", "--json", "-c", "import sys; print(1); print(2, file=sys.stderr); sys.exit(3)")
    assert (result.exit, result.err) == (3, "")
    answer = loads_one(result.out)
    assert answer["status"] == "completed"
    assert (answer["stdout"], answer["stderr"], answer["exit_code"]) == ("1\n", "2\n", 3)
    assert (answer["end"], answer["signal"], answer["reached"], answer["error"]) == ("exited", None, [], None)
    assert answer["execution_strategy"] == "uv-run"
    assert answer["policy"] == "default"
    assert answer["output"] == {"stdout_bytes": 2, "stderr_bytes": 2, "truncated": False}
    assert answer["limits"]["wall_seconds"] == 300
    assert 0 < answer["usage"]["wall_seconds"] <= answer["elapsed_seconds"] < 60
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
        assert value == "on" or value.startswith(("abi ", "off: ", "enforced (", "approximated (", "missing: "))


def test_json_of_no_uv_is_the_systems_python(run):
    answer = run("run", "--json", "--no-uv", "-c", "1").json()
    assert answer["execution_strategy"] == "system-python"


def test_a_report_is_written_beside_the_output(run, tmp_path):
    report = tmp_path / "report.json"
    report.write_text("x" * 100_000)
    result = run("run", "--report", report, "--timeout", "250ms", "-c", "print(1); import time; time.sleep(9)")
    assert (result.exit, result.out) == (124, "1\n")
    answer = loads_one(report.read_text())
    assert answer["end"] == "wall"
    assert answer["status"] == "failed"
    assert answer["error"] == "wall limit of 0.25 s reached"
    assert answer["stderr"] == "[TIMEOUT] wall limit of 0.25 s reached\n"
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
    assert int(count) == len(text) - len(answer["stdout"]) + len(f"[... {count} bytes left out ...]\n") + (
        0 if text.startswith(head) else 1
    )
    assert answer["output"] == {"stdout_bytes": len(text), "stderr_bytes": 0, "truncated": True}


# --- signals ------------------------------------------------------------------------------------

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
    process = start("run", "-c", "import signal; signal.signal(2, lambda *a: print('no')); print('ready')\nwhile 1: signal.pause()")
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
        ["/bin/sh", "-c", 'trap "" HUP; exec "$0" run -c "print(1); input(); print(2)"', str(cordon)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout.readline() == b"1\n"
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(b"\n", 60)
    assert (process.returncode, out) == (0, b"2\n")


# --- the other program --------------------------------------------------------------------------


def test_options_of_every_command_may_stand_before_it(run, state):
    for words in (["--state", state, "policy", "list"], ["policy", "list", f"--state={state}"]):
        result = run(*words)
        assert result.exit == 0 and "default" in result.out and "strict" in result.out


def test_a_configuration_that_cannot_be_read_is_named_once(run, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"nonsense": 1}')
    for words in (["exec", "--", "/bin/true"], ["check"], ["policy", "list"]):
        result = run(*words, "--config", config) if words[0] != "exec" else run("--config", config, *words)
        assert result.exit == 125
        assert one_line(result, "nonsense")
    answer = run("run", "--json", "--quiet", "--config", config, "-c", "1").json()
    assert answer["end"] == "fault" and "nonsense" in answer["error"]


def test_check_says_whether_the_policy_holds(run):
    result = run("check", "--json")
    answer = result.json()
    assert answer["ok"] is (result.exit == 0)
    assert run("check").exit == result.exit
