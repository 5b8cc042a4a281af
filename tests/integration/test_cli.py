# SPDX-License-Identifier: Apache-2.0
"""The command line: what it takes, what it says, and with which number it ends."""

import os
import subprocess

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


# --- exit statuses -------------------------------------------------------------------------------


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
    code = "import time; print('first'); time.sleep(600)"
    seconds, result = support.limited(
        lambda seconds: python(code, "--timeout", f"{1000 * seconds - 500}ms"), lambda result: result.out
    )
    assert result.exit == 124
    assert result.out == "first\n"
    way = "cordon: out of time: --timeout raises it, up to limits.wall of the policy\n"
    assert result.err == way + f"cordon: [TIMEOUT] wall limit of {seconds - 0.5} s reached\n"


def test_the_cpu_limit_is_124_and_named(python):
    result = python("while True: pass", "--cpu", "200ms")
    assert result.exit == 124
    way = "cordon: out of time: --cpu raises it, up to limits.cpu of the policy\n"
    assert result.err == way + "cordon: [TIMEOUT] cpu limit of 0.2 s reached\n"


def test_a_limit_that_made_calls_fail_says_how_much_it_was_and_how_to_have_more(python):
    code = "import os\ntry: os.fork() or os._exit(0)\nexcept OSError: pass"
    result = python(code, "--pids", "1")
    assert "processes and threads, 1, was reached" in result.err and "--pids raises it" in result.err


def test_the_memory_limit_is_137_and_named(python):
    result = python("x = bytearray(300 << 20); print(len(x))", "--memory", "64M")
    assert result.exit == 137
    assert result.err.startswith("cordon: memory limit of 64M reached (peak ")
    assert result.err.endswith("; --memory raises it, up to limits.memory of the policy\n")


def test_a_limit_above_the_policys_is_refused_with_both_numbers(run):
    result = run("run", "--timeout", "9h", "-c", "1")
    assert result.exit == 126
    assert one_line(result, "9h", "5m")


# What the policy says no to; and what was typed wrongly, whoever notices it: the command line
# itself, or the sandbox that it hands the request to.
WHOSE_MOVE = {
    "a limit above the policy's": (["--memory", "900G"], 126),
    "a policy that cannot be named": (["--policy", "fetch"], 126),
    "a variable the policy does not take": (["--policy", "strict", "--env", "A=1"], 126),
    "a policy that is not there": (["--policy", "nosuch"], 125),
    "a policy's file that is not there": (["--policy", "./nosuch.json"], 125),
    "a limit that is none": (["--memory", "much"], 125),
    "a requirement that is a path": (["--with", "./x"], 125),
    "a requirement that is an option": (["--with", "--x"], 125),
    "a requirement that cannot be read": (["--with", "x=>1"], 125),
    "a direct reference": (["--with", "x @ https://example.org/x.whl"], 125),
    "a version that is none": (["--python", "three"], 125),
    "a python that is not there": (["--python", "3.99"], 125),
    "an interpreter that is none": (["--python", "/etc/passwd"], 125),
    "a host that is none": (["--allow-host", "a b"], 125),
    "a directory that is not there": (["--directory", "/nosuch"], 125),
}


@pytest.mark.parametrize("what", WHOSE_MOVE)
def test_the_exit_status_says_whose_move_it_is(run, what):
    words, status = WHOSE_MOVE[what]
    result = run("run", *words, "-c", "print('ran')")
    assert (result.exit, result.out) == (status, ""), result.err
    assert one_line(result)
    result = run("run", *words, "--json", "-c", "print('ran')")
    assert result.exit == status
    if result.out:  # the sandbox noticed
        assert (result.json()["exit_code"], result.json()["end"]) == (
            status,
            {126: "refused", 125: "fault"}[status],
        )


def test_an_unknown_policy_is_a_mistake_and_those_that_may_be_named_are_told(run):
    for words in (["run", "-c", "1"], ["bench", "-c", "1"], ["env", "make", "--with", "tabulate"]):
        result = run(*words[:-2], "--policy", "nosuch", *words[-2:])
        assert result.exit == 125
        assert one_line(result, 'no policy is named "nosuch"; there are: ', "default", "strict")
        assert "fetch" not in result.err  # cordon's own


NO_NETWORK = "cordon: the box has no network; --allow-host HOST lets it reach that one\n"


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("import urllib.request as u; u.urlopen('http://example.com')", NO_NETWORK),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", NO_NETWORK),
        ("raise SystemExit('Network is unreachable\\nand more')", ""),
        ("import sys; print('Network is unreachable', file=sys.stderr)", ""),
    ],
)
def test_want_of_a_network_is_said_where_a_script_ended_for_it(python, code, hint):
    result = python(code)
    assert result.exit == (0 if "print" in code else 1)
    assert result.err.endswith(hint) and result.err.count("cordon: ") == bool(hint), result.err


def test_a_box_with_a_way_out_is_not_said_to_have_none(python):
    code = "import socket; socket.create_connection(('192.0.2.1', 80))"
    result = python(code, "--policy", "web")
    assert result.exit == 1
    assert "has no network" not in result.err


def test_a_program_that_is_no_python_is_called_that(run):
    result = run("run", "--python", "/usr/bin/perl", "-c", "1")
    assert result.exit == 125
    assert one_line(result, "/usr/bin/perl: it is no Python 3, or does not work in a box")


def test_a_command_that_is_not_there_is_127(run):
    result = run("exec", "--", "/bin/no-such-program")
    assert result.exit == 127
    assert one_line(result, "no-such-program")


# --- bad input: one clear line each --------------------------------------------------------------

WRONG = [
    ([], 125, "no command is given"),
    (["frobnicate"], 125, 'no command "frobnicate"'),
    (["run"], 125, "no script is given"),
    (["exec"], 125, "no command is given"),
    (["exec", "--"], 125, "no command is given"),
    (["run", "--frobnicate", "x"], 125, "unknown option --frobnicate"),
    (["run", "-c"], 125, "-c needs a value"),
    (["bech", "x"], 125, 'no command "bech"; did you mean bench; see'),
    (["frobnicate"], 125, 'no command "frobnicate"; see'),
    (["bench", "--warm", "1"], 125, "unknown option --warm; did you mean --warmup; see"),
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
    (["run", "--read", "/", "-c", "1"], 126, "--read / would show all of the host"),
    (["run", "--read", "/dev/null", "-c", "1"], 126, "each box has its own /dev, /proc and /box"),
    (["run", "--write", "/proc", "-c", "1"], 126, "each box has its own /dev, /proc and /box"),
    (["run", "--env", "A-B=1", "-c", "1"], 125, '"A-B" is not a name'),
    (["run", "--env", "=1", "-c", "1"], 125, "is not a name"),
    (["run", "--env-file", "/no/such", "-c", "1"], 125, "--env-file"),
    (["run", "--python", "three", "-c", "1"], 125, "--python"),
    (["run", "--python", "/no/such", "-c", "1"], 125, "--python /no/such: No such file"),
    (["run", "--policy", "/no/such.json", "-c", "1"], 125, "--policy /no/such.json: No such file"),
    (["run", "--policy", "../default", "-c", "1"], 125, "--policy"),
    (["run", "--policy", "Default!", "-c", "1"], 125, "is not a name of a policy"),
    (["run", "--with", "--index-url=x", "-c", "1"], 125, "is not a requirement"),
    (["run", "--offline", "--refresh", "-c", "1"], 125, "--refresh makes an environment anew and --offline"),
    (["run", "--with", "si x", "-c", "1"], 125, '--with: "si x" is not a requirement such as'),
    (["run", "--with", "", "-c", "1"], 125, '--with: "" is not a requirement such as'),
    (["run", "--env-file", "/etc", "-c", "1"], 125, "--env-file /etc: Is a directory"),
    (["run", "--no-uv", "--with", "rich", "-c", "1"], 125, "--with needs uv, and --no-uv does without"),
    (["run", "--report", "/no/such/file", "-c", "1"], 125, "--report /no/such/file"),
    (["run", "--log-level", "loud", "-c", "1"], 125, "--log-level"),
]


@pytest.mark.parametrize("words, status, text", WRONG, ids=lambda value: None)
def test_bad_input_is_one_clear_line(run, words, status, text):
    result = run(*words)
    assert result.exit == status
    assert one_line(result, text)


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


# --- help ----------------------------------------------------------------------------------------


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
    result = subprocess.run(
        [link, "--frobnicate"], env=environment, capture_output=True, check=False
    )
    assert result.returncode == 125
    assert result.stderr.startswith(b"cordon: serve: unknown option")


# --- the script and its words --------------------------------------------------------------------


def test_everything_after_the_script_is_the_scripts(run, tmp_path):
    script = tmp_path / "x.py"
    script.write_text("import sys; print(sys.argv[1:])")
    result = run("run", "--quiet", script, "--json", "--", "-c", "")
    assert result.out == "['--json', '--', '-c', '']\n"
    assert run("run", "--", script, "a").out == "['a']\n"
    assert run("run", "-c", "import sys; print(sys.argv[1:])", "--json").out == "['--json']\n"


def test_a_script_from_standard_input(run):
    result = run(
        "run", "-", "one", input=b"import sys; print(sys.argv[1:], sys.stdin.read() == '')"
    )
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
    assert "--directory" not in run("run", script).err


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


@pytest.mark.parametrize("option", ["--read", "--write"])
def test_what_is_shown_may_hold_the_script(run, at_home, option):
    script = at_home / "own.py"
    script.write_text("import sys\nfor name in sys.argv[1:]: print(open(name).read())")
    (at_home / "data").write_text("beside it")
    for shown in (at_home, script):
        result = run("run", option, shown, script, script)
        assert (result.out, result.exit) == (script.read_text() + "\n", 0), result.err
    result = run("run", option, at_home, script, at_home / "data")
    assert (result.out, result.exit) == ("beside it\n", 0), result.err


@pytest.mark.parametrize("shown", ["/etc/hosts", "/etc/passwd", "/etc"])
def test_what_the_box_makes_in_etc_gives_way_to_what_is_shown(run, shown):
    name = "/etc/hosts" if shown == "/etc" else shown
    code = "import sys; sys.stdout.write(open(sys.argv[1], newline='').read())"
    result = run("run", "--read", shown, "-c", code, name)
    assert result.exit == 0 and result.out == open(name, newline="").read()


# --- variables -----------------------------------------------------------------------------------


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
    result = run(
        "run", "--env", "NOT_SET_HERE", "-c", "import os; print('NOT_SET_HERE' in os.environ)"
    )
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


# --- the other program ---------------------------------------------------------------------------


def test_options_of_every_command_may_stand_before_it(run, state):
    for words in (["--state", state, "policy", "list"], ["policy", "list", f"--state={state}"]):
        result = run(*words)
        assert result.exit == 0 and "default" in result.out and "strict" in result.out


def test_a_configuration_that_cannot_be_read_is_named_once(run, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"nonsense": 1}')
    for words in (["exec", "--", "/bin/true"], ["check"], ["policy", "list"]):
        result = (
            run(*words, "--config", config)
            if words[0] != "exec"
            else run("--config", config, *words)
        )
        assert result.exit == 125
        assert one_line(result, "nonsense")
    answer = run("run", "--json", "--quiet", "--config", config, "-c", "1").json()
    assert answer["end"] == "fault" and "nonsense" in answer["error"]


def test_check_says_whether_the_policy_holds(run):
    result = run("check", "--json")
    answer = result.json()
    assert answer["ok"] is (result.exit == 0)
    assert run("check").exit == result.exit


# --- what an earlier run left in the workspace ---------------------------------------------------

PLANTS = {
    "link": "os.symlink({target!r}, 'planted')",
    "directory": "os.symlink(os.path.dirname({target!r}), 'way')",
    "chain": "os.symlink('second', 'planted'); os.symlink({target!r}, 'second')",
}


@pytest.fixture
def planted(run, workspace, at_home):
    """planted(KIND, CONTENT) -> (name, target): a script's link to a file outside."""

    def plant(kind, content):
        target = at_home / "outside.txt"
        if content:
            target.write_text(content)
        code = "import os; " + PLANTS[kind].format(target=str(target))
        assert run("run", "--no-uv", "--directory", workspace, "-c", code).exit == 0
        return ("way/outside.txt" if kind == "directory" else "planted"), target

    return plant


@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_link_lends_no_variables_to_the_next_run(run, planted, workspace, kind):
    name, _ = planted(kind, "SECRET=1\n")
    for file in (name, workspace / name, f"./{name}"):
        cwd = "/" if file == workspace / name else workspace
        words = ("--directory", workspace, "--env-file", file, "-c", "1")
        result = run("run", "--no-uv", *words, cwd=cwd)
        assert result.exit == 125
        assert one_line(result, "--env-file", "a link in the workspace leads out of it")


@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_link_is_no_script(run, planted, workspace, kind):
    name, _ = planted(kind, "print('from outside')\n")
    result = run("run", "--no-uv", "--directory", workspace, name, cwd=workspace)
    assert result.exit != 0
    assert one_line(result, name, "a link in the workspace leads out of it")


@pytest.mark.parametrize("content", ["old\n", None])
@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_link_takes_no_report(run, planted, workspace, kind, content):
    name, target = planted(kind, content)
    words = ("--directory", workspace, "--report", name, "-c", "1")
    result = run("run", "--no-uv", *words, cwd=workspace)
    assert result.exit == 125
    assert one_line(result, "--report", name)
    assert (target.read_text() if target.exists() else None) == content


def test_a_planted_fifo_holds_nobody_up(run, workspace):
    code = "import os; os.mkfifo('planted')"
    assert run("run", "--no-uv", "--directory", workspace, "-c", code).exit == 0
    for words in (["--report", "planted", "-c", "1"], ["--env-file", "planted", "-c", "1"], ["planted"]):
        result = run("run", "--no-uv", "--directory", workspace, *words, cwd=workspace, timeout=120)
        assert one_line(result, "neither a file nor a directory")


def test_names_that_stay_in_the_workspace_or_are_outside_go_on_working(run, workspace, at_home):
    (workspace / "below").mkdir()
    (workspace / "real.py").write_text("import os; print(os.environ['A'])\n")
    (workspace / "linked.py").symlink_to("real.py")
    (workspace / "env").write_text("A=inside\n")
    (at_home / "env").write_text("A=outside\n")
    outside = os.path.relpath(at_home / "env", workspace / "below")
    for file, value in (("../env", "inside"), (outside, "outside"), (at_home / "env", "outside")):
        words = ("--directory", workspace, "--env-file", file, "--report", "report", "../linked.py")
        result = run("run", "--no-uv", *words, cwd=workspace / "below")
        assert (result.exit, result.out, result.err) == (0, f"{value}\n", "")
        assert "completed" in (workspace / "below/report").read_text()


# --- what prints and ends -----------------------------------------------------------------------

PRINTING = [
    ["--help"],
    ["--version"],
    ["run", "--help"],
    ["check"],
    ["check", "--json"],
    ["policy", "list"],
    ["policy", "show", "default"],
    ["policy", "diff", "default", "strict"],
    ["policy", "explain", "default", "socket"],
    ["env", "list"],
]


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_who_has_seen_enough_is_no_news(cordon, state, words):
    """`cordon ... | head`: not a word, and no status of cordon's own for it."""
    done = subprocess.run(
        ["/bin/bash", "-c", '"$@" | true; echo "${PIPESTATUS[0]}"', "x", str(cordon), *words],
        env=support.clean_environment(CORDON_STATE=str(state)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert int(done.stdout) in (0, 1, 128 + 13)


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_what_cannot_be_written_is_told(cordon, state, words):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [str(cordon), *words],
            env=support.clean_environment(CORDON_STATE=str(state)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 125
    assert done.stderr == "cordon: standard output cannot be written\n"


def test_a_script_whose_output_cannot_be_written_is_ended_and_it_is_told(cordon, state):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [str(cordon), "run", "--no-uv", "-c", "while True: print('more' * 10000)"],
            env=support.clean_environment(CORDON_STATE=str(state)),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 130
    assert "cordon: standard output: No space left on device; so the script was ended\n" in done.stderr


def test_a_header_that_is_not_followed_is_said(run, at_home):
    script = at_home / "headed.py"
    script.write_text("# /// script\n# dependencies = ['six']\n# ///\nprint(1)\n")
    result = run("run", "--no-uv", script)
    assert (result.exit, result.out) == (0, "1\n")
    assert "--no-uv: the script's header (PEP 723) is not followed" in result.err
    assert len(result.err.splitlines()) == 1, result.err
    assert "header" not in run("run", "--no-uv", "-c", "print(1)").err


def test_a_directory_may_be_named_by_a_link(run, tmp_path):
    """What counts is where the link leads when the run begins: that is what is mounted."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "script.py").write_text("import os; print(os.getcwd()); open('made', 'w')")
    link = tmp_path / "link"
    link.symlink_to("real")
    result = run("run", "--directory", link, "script.py")
    assert (result.exit, result.out) == (0, f"{real}\n"), result.err
    assert (real / "made").exists()
    result = run("exec", "--directory", link, "--", "/bin/ls", link)
    assert result.exit == 2  # the link itself is not there


def test_an_option_behind_the_script_is_the_scripts_and_said(run, at_home):
    script = at_home / "words.py"
    script.write_text("import sys; print(sys.argv[1:])")

    def said(*words):
        result = run("run", *words)
        assert result.exit == 0
        return result.out, result.err

    line = "cordon: --timeout went to the script: "
    out, err = said(script, "--timeout", "3s")
    assert out == "['--timeout', '3s']\n" and err.startswith(line) and err.count("\n") == 1
    assert said("-c", "import sys; print(sys.argv[1:])", "--timeout", "3s") == (out, err)
    assert said("--quiet", script, "--timeout", "3s") == (out, "")
    assert said("--", script, "--timeout", "3s") == (out, "")
    for words in (["--timeout"], ["--timeout", "--x"], ["--runs", "3"], ["--help"], ["x", "--json"]):
        assert said(script, *words) == (f"{words}\n", "")


def test_help_and_version_by_their_short_names(run):
    for short, long in (["-h"], ["--help"]), (["help"], ["--help"]), (["-V"], ["--version"]):
        assert (run(*short).out, run(*short).exit) == (run(*long).out, 0)
    assert run("run", "-h").out == run("help", "run").out == run("run", "--help").out
