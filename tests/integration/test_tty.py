# SPDX-License-Identifier: Apache-2.0
"""cordon run --tty: a terminal of the box's own, and the caller's left as it was found."""

import fcntl
import json
import os
import signal
import struct
import termios
import time

import pytest

import support
from terminal import COLUMNS, PATIENCE, ROWS, Person


@pytest.fixture
def sit(cordon, state):
    """sit(*ARGUMENTS) -> Person at a terminal in which cordon was started."""
    people = []

    def sit(*words, env=None, **options):
        people.append(Person([cordon, *words], state, env, **options))
        return people[-1]

    yield sit
    for person in people:
        person.leave()


# Blocked and waited for: Python calls a handler between two of its own steps, and may be at rest.
WAIT_FOR_SIZES = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
def size():
    signal.sigwait({signal.SIGWINCH})
    print(*os.get_terminal_size())
"""


def tty(code, *options):
    return ("run", "--tty", *options, "-c", code)


# --- what the script has -------------------------------------------------------------------------


def test_the_script_has_a_terminal_and_its_own(sit):
    person = sit(
        *tty(
            "import os\n"
            "print([os.ttyname(fd) for fd in range(3)], os.get_terminal_size())\n"
            "print(os.environ['TERM'], os.tcgetpgrp(0) == os.getpgrp(), os.getsid(0) == os.getpid())"
            "\n"
            "with open('/dev/tty', 'w') as mine: print('by name', file=mine)\n"
        )
    )
    assert person.ends() == 0
    assert person.shown.decode().splitlines() == [
        "['/dev/pts/0', '/dev/pts/0', '/dev/pts/0'] "
        f"os.terminal_size(columns={COLUMNS}, lines={ROWS})",
        "xterm-256color True True",
        "by name",
    ]


def test_without_the_option_there_is_none(sit):
    person = sit("run", "-c", "import sys; print(sys.stdin.isatty(), sys.stdout.isatty())")
    assert person.ends() == 0
    assert person.shown == b"False False\r\n"


def test_a_terminal_without_a_name_is_a_plain_one(sit):
    for name, seen in (("", b"dumb"), ("../../x", b"dumb"), ("vt100", b"vt100")):
        person = sit(*tty("import os; print(os.environ['TERM'])"), env={"TERM": name})
        assert person.ends() == 0
        assert person.shown.strip() == seen


def test_under_the_strictest_policy_too(sit):
    code = "import os; print(os.environ['TERM'], os.ttyname(0))"
    person = sit(*tty(code, "--policy", "strict"))
    assert person.ends() == 0
    assert person.shown == b"xterm-256color /dev/pts/0\r\n"


def test_the_name_can_be_another(sit):
    person = sit(*tty("import os; print(os.environ['TERM'])", "--env", "TERM=linux"))
    assert person.ends() == 0
    assert person.shown == b"linux\r\n"


def test_the_size_follows_the_window(sit):
    person = sit(
        *tty(
            WAIT_FOR_SIZES + "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
            "print('ready')\n"
            "while True: size()\n"
        )
    )
    person.sees(rb"ready\r?\n")
    for size in ((50, 200), (1, 1), (24, 80)):
        person.resize(*size)
        person.sees(b"%d %d\r\n" % (size[1], size[0]))
    person.type(b"\x03")
    assert person.ends() == 130


def test_all_that_was_written_is_shown(sit):
    """A terminal holds little: its writer waits, and what it holds at the end is not lost."""
    person = sit(*tty("for n in range(100_000): print(n)"))
    assert person.ends() == 0
    assert person.shown.replace(b"\r", b"").split() == [b"%d" % n for n in range(100_000)]


def test_a_reader_who_looks_away_loses_nothing(sit):
    person = sit(*tty("import sys\nsys.stdout.write('x' * 200_000)\nprint('end')"))
    person.sees(b"x")
    time.sleep(0.3)
    assert person.ends() == 0
    assert person.shown == b"x" * 199_999 + b"end\r\n"


def test_output_may_go_elsewhere(sit, tmp_path):
    with (tmp_path / "out").open("wb") as out:
        person = sit(*tty("print(input('name? '))"), stdout=out)
        support.soon(lambda: (tmp_path / "out").read_bytes() == b"name? ")
        person.type(b"joe\r")
        assert person.ends() == 0
    assert (tmp_path / "out").read_bytes() == b"name? joe\r\njoe\r\n"


# --- keys ----------------------------------------------------------------------------------------


def test_interrupt_is_the_scripts(sit):
    person = sit(
        *tty(
            "import time\n"
            "for n in range(3):\n"
            "    try:\n        print('ready', n)\n        while True: time.sleep(0.01)\n"
            "    except KeyboardInterrupt:\n        print('no')\n"
        )
    )
    for n in range(3):
        person.sees(rb"ready %d\r\n" % n)
        person.type(b"\x03")
        person.sees(rb"\^C.*no\r\n")
    assert person.ends() == 0


@pytest.mark.parametrize("key, status", [(b"\x03", 130), (b"\x1c", 131)], ids=["^C", "^\\"])
def test_keys_end_what_does_not_mind_them(sit, key, status):
    person = sit("exec", "--tty", "--", "/bin/sh", "-c", "echo ready; exec sleep 60")
    person.sees(rb"ready\r?\n")
    person.type(key)
    assert person.ends() == status
    assert b"cordon" not in person.shown


def test_a_flood_can_be_interrupted(sit):
    person = sit("exec", "--tty", "--", "/usr/bin/yes")
    person.sees(b"y\r\ny\r\n")
    person.type(b"\x03")
    assert person.ends() == 130
    assert person.modes() == person.before


def test_suspend_is_the_shells_in_the_box(sit):
    person = sit("exec", "--tty", "--", "/bin/bash", "--norc")
    person.sees(rb"\$ ")
    person.type(b"sh -c 'echo $((6 * 7)); exec cat'\r")
    person.sees(b"42\r\n")
    person.type(b"\x1a")
    person.sees(b"Stopped")
    person.type(b"fg\r")
    person.sees(rb"fg\r\n[^\n]*sh -c[^\n]*\r\n")
    person.type(b"again\r")
    person.sees(b"again\r\nagain\r\n")
    person.type(b"\x04exit 7\r")
    assert person.ends() == 7


def test_suspend_without_a_shell_stops_nobody(sit):
    person = sit(*tty("print('ready')\nprint(input())"))
    person.sees(rb"ready\r?\n")
    person.type(b"\x1a")
    person.sees(rb"\^Z")
    person.type(b"on\r")
    person.sees(b"on\r\non\r\n")
    assert person.ends() == 0


def test_end_of_file(sit):
    person = sit(*tty("import sys\nprint('ready')\nprint(repr(sys.stdin.read()))"))
    person.sees(rb"ready\r?\n")
    person.type(b"one\r\x04\x04")
    person.sees(rb"'one\\n'")
    assert person.ends() == 0


def test_a_character_is_erased_whole(sit):
    person = sit(*tty("print('ready')\nprint(ascii(input()))"))
    person.sees(rb"ready\r?\n")
    person.type("é\x7fx\r".encode())
    person.sees(rb"'x'\r\n")
    assert person.ends() == 0


def test_debugger(sit):
    person = sit(*tty("answer = 42\nbreakpoint()\nprint('went on')"))
    person.sees(rb"\(Pdb\) ")
    person.type(b"p answer + 1\r")
    person.sees(b"43\r\n")
    person.type(b"c\r")
    person.sees(b"went on")
    assert person.ends() == 0


def test_interactive_interpreter(sit):
    person = sit("exec", "--tty", "--", "/usr/bin/python3", "-q")
    person.sees(b">>> ")
    person.type(b"6 * 7\r")
    person.sees(b"42\r\n")
    person.type(b"while True: pass\r\r")
    person.sees(rb"\.\.\. ")
    time.sleep(0.1)
    person.type(b"\x03")
    person.sees(b"KeyboardInterrupt")
    person.type(b"7 * 7\r")  # or Python ends as if interrupted
    person.sees(b"49\r\n>>> ")
    person.type(b"\x04")
    assert person.ends() == 0


def test_pager(sit):
    if not os.path.exists("/usr/bin/less"):
        pytest.skip("less is not installed")
    person = sit("exec", "--tty", "--", "/bin/sh", "-c", "seq 1 1000 | less")
    person.sees(b"\r\n%d\r\n" % (ROWS - 1))
    person.type(b"G")
    person.sees(b"1000\r\n")
    person.type(b"q")
    assert person.ends() == 0


def test_a_script_that_was_typed_leaves_the_terminal_to_its_input(sit):
    person = sit("run", "--tty", "-")
    person.type(b"print(input('name? '))\n\x04")
    person.sees(rb"name\? ")
    person.type(b"joe\r")
    person.sees(b"joe\r\njoe\r\n")
    assert person.ends() == 0


# --- the caller's terminal -----------------------------------------------------------------------


def test_the_callers_terminal_is_raw_meanwhile_and_restored_at_the_end(sit):
    person = sit(*tty("print('ready')\ninput()\nraise SystemExit(5)"))
    person.sees(rb"ready\r?\n")
    assert person.is_raw()
    person.type(b"\r")
    assert person.ends() == 5
    assert person.modes() == person.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=str)
def test_it_is_restored_when_a_signal_ends_the_run(sit, number):
    person = sit(*tty("import time\nprint('ready')\nwhile True: time.sleep(0.01)"))
    person.sees(rb"ready\r?\n")
    person.process.send_signal(number)
    assert person.ends() != 0
    assert person.modes() == person.before


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS], ids=str)
def test_it_is_restored_when_cordon_itself_crashes(sit, number):
    person = sit(*tty("import time\nprint('ready')\ntime.sleep(60)"))
    person.sees(rb"ready\r?\n")
    assert person.is_raw()
    person.process.send_signal(number)
    assert person.ends() == -number
    assert person.modes() == person.before


def test_it_is_restored_when_the_sandbox_dies(sit):
    person = sit(*tty("import time\nprint('ready')\ntime.sleep(60)"))
    person.sees(rb"ready\r?\n")
    (supervisor,) = support.children(person.process.pid)
    os.kill(supervisor, signal.SIGKILL)
    assert person.ends() == 125
    assert b"cordon: the supervisor died\r\n" in person.shown
    assert person.modes() == person.before


def test_a_second_interrupt_from_elsewhere_ends_what_ignores_the_first(sit):
    person = sit(
        *tty(
            "import signal\nsignal.signal(2, lambda *_: print('no'))\nprint('ready')\n"
            "import time\nwhile True: time.sleep(0.01)"
        )
    )
    person.sees(rb"ready\r?\n")
    person.process.send_signal(signal.SIGINT)
    person.sees(b"no\r\n")
    person.process.send_signal(signal.SIGINT)
    assert person.ends() == 130
    assert person.modes() == person.before


def stopped(process):
    return support.status(process.pid)["State"].startswith("T")


def test_it_is_restored_while_cordon_is_stopped_and_raw_again_after(sit):
    person = sit(
        *tty(
            WAIT_FOR_SIZES + "print('ready')\nsize()\nsize()\nprint(input())"
        )
    )
    person.sees(rb"ready\r?\n")
    for size in ((40, 120), (20, 60)):
        person.process.send_signal(signal.SIGTSTP)
        support.soon(lambda: stopped(person.process))
        assert person.modes() == person.before
        person.resize(*size)
        person.process.send_signal(signal.SIGCONT)
        person.sees(b"%d %d\r\n" % (size[1], size[0]))
        assert person.is_raw()
    person.type(b"on\r")
    person.sees(b"on\r\non\r\n")
    assert person.ends() == 0
    assert person.modes() == person.before


def test_it_is_raw_again_after_a_stop_that_nobody_can_catch(sit):
    person = sit(*tty("print('ready')\nprint(input())"))
    person.sees(rb"ready\r?\n")
    person.process.send_signal(signal.SIGSTOP)
    support.soon(lambda: stopped(person.process))
    termios.tcsetattr(person.terminal, termios.TCSANOW, person.before)  # as a shell does
    person.process.send_signal(signal.SIGCONT)
    support.soon(person.is_raw)
    person.type(b"on\r")
    assert person.ends() == 0
    assert person.modes() == person.before


def test_a_shells_job_control(cordon, state):
    person = Person(["/bin/bash", "--norc", "--noprofile", "-i"], state, {"PS1": "sh> "})
    try:
        person.sees(b"sh> ")
        person.type(b"%s exec --tty -- /bin/cat\r" % os.fsencode(cordon))
        support.soon(person.is_raw)
        person.type(b"one\r")
        person.sees(b"one\r\none\r\n")
        (inner,) = (p for p in support.children(person.process.pid) if p != person.process.pid)
        for resume in (b"fg\r", b"bg\r"):
            os.kill(inner, signal.SIGTSTP)
            person.sees(b"Stopped")
            person.sees(b"sh> ")
            person.type(resume)
            person.sees(b"cat[^\n]*\r\n")
            if resume == b"bg\r":  # it wants the terminal, and waits for it
                support.soon(lambda: support.status(inner)["State"].startswith("T"))
                person.type(b"\r")
                person.sees(b"sh> ")
                person.type(b"fg\r")
                person.sees(b"cat[^\n]*\r\n")
            support.soon(person.is_raw)
            person.type(b"two\r")
            person.sees(b"two\r\ntwo\r\n")
        person.type(b"\x04")
        person.sees(b"sh> ")
        person.type(b"echo $((6 * 7)); exit\r")
        person.sees(b"42\r\n")
        assert person.ends() == 0
    finally:
        person.leave()


def test_keys_that_nobody_read_are_not_left_to_the_shell(sit):
    code = "import select, time\nprint('ready')\nselect.select([0], [], [])\ntime.sleep(0.2)"
    person = sit(*tty(code))
    person.sees(rb"ready\r?\n")
    person.type(b"echo typed for the box\r" * 2)
    assert person.ends() == 0
    os.set_blocking(person.terminal, False)
    with pytest.raises(BlockingIOError):
        os.read(person.terminal, 100)


def test_the_end_of_the_callers_terminal_is_the_end_of_the_run(sit):
    nap = f"sleep 6543.{os.getpid()}"
    person = sit("exec", "--tty", "--", "/bin/sh", "-c", f"echo ready; exec {nap}")
    person.sees(rb"ready\r?\n")
    assert support.alive(nap)
    leader, person.leader = person.leader, os.open("/dev/null", os.O_RDWR)
    os.close(leader)
    os.close(person.terminal)
    person.terminal = os.open("/dev/null", os.O_RDWR)
    person.process.wait(PATIENCE)
    assert not support.alive(nap)


# --- limits, results, refusals -------------------------------------------------------------------


def test_a_time_limit_is_told_on_a_line_of_its_own(sit):
    def attempt(seconds):
        code = "print('before', end='')\nimport time\ntime.sleep(600)"
        person = sit(*tty(code, "--timeout", f"{seconds}s"))
        assert person.ends() == 124
        return person

    seconds, person = support.limited(attempt, lambda person: b"before" in person.shown)
    reached = b"cordon: [TIMEOUT] wall limit of %d s reached\r\n" % seconds
    way = b"cordon: out of time: --timeout raises it, up to limits.wall of the policy\r\n"
    assert person.shown == b"before\r\n" + way + reached
    assert person.modes() == person.before


def test_output_above_the_limit_is_dropped_and_counted(sit, tmp_path):
    report = tmp_path / "report"
    person = sit(*tty("print('x' * 200_000)", "--output", "10K", "--report", report))
    assert person.ends() == 0
    shown, words = person.shown.split(b"\r\ncordon: ")
    assert shown == b"x" * 10240
    assert b"189762 bytes of output dropped" in words
    answer = json.loads(report.read_text())
    assert answer["stdout"].startswith("x" * 10240 + "\n[... ")
    assert answer["output"] == {"stdout_bytes": 200_002, "stderr_bytes": 0, "truncated": True}


def test_the_report_has_what_was_shown(sit, tmp_path):
    report = tmp_path / "report"
    code = "import sys\nprint('out')\nprint('err', file=sys.stderr)"
    person = sit(*tty(code, "--report", report))
    assert person.ends() == 0
    answer = json.loads(report.read_text())
    assert (answer["stdout"], answer["stderr"]) == ("out\r\nerr\r\n", "")


def test_a_recorded_run_has_a_terminal_too(sit, run):
    person = sit(*tty("import os\nprint(os.ttyname(1))", "--job"))
    assert person.ends() == 0
    words, shown = person.shown.decode().splitlines()
    assert shown == "/dev/pts/0"
    job = words.removeprefix("cordon: job ")
    assert run("jobs", "output", job).out == "/dev/pts/0\r\n"


def test_it_is_for_terminals(run):
    result = run("run", "--tty", "-c", "print(1)")
    assert (result.exit, result.out) == (125, "")
    assert result.err == "cordon: --tty: standard input is not a terminal\n"


def test_a_result_object_is_for_no_terminal(sit):
    person = sit(*tty("print(1)", "--json"))
    assert person.ends() == 125
    assert person.shown.startswith(b"cordon: --tty and --json exclude each other")
    assert person.modes() == person.before


def test_a_policy_without_devices_has_no_terminal(sit, tmp_path):
    policy = json.loads((support.SOURCE / "policies/default.json").read_text())
    policy["files"] = [rule for rule in policy["files"] if "dev" not in rule]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy))
    file.chmod(0o644)
    person = sit(*tty("print(1)", "--policy", file))
    assert person.ends() == 126
    assert b'has no "dev" among its files' in person.shown
    assert person.modes() == person.before


def test_a_command_that_is_not_there(sit):
    person = sit("exec", "--tty", "--", "no-such-program")
    assert person.ends() == 127
    assert b"no such command in the box" in person.shown
    assert person.modes() == person.before


# --- attacks -------------------------------------------------------------------------------------


def test_nothing_can_be_typed_into_any_terminal(sit):
    person = sit(
        *tty(
            "import errno, fcntl, os, termios\n"
            "for name in ('/dev/tty', '/dev/stdin', '/dev/pts/0'):\n"
            "    fd = os.open(name, os.O_RDWR)\n"
            "    for call, argument in ((termios.TIOCSTI, b'x'), (0x541C, b'\\x03')):\n"
            "        try: fcntl.ioctl(fd, call, argument); print('typed')\n"
            "        except OSError as e:\n            print(errno.errorcode[e.errno])\n"
        )
    )
    assert person.ends() == 0
    assert person.shown == b"EPERM\r\n" * 6


def test_no_terminal_but_its_own_is_in_the_box(sit):
    """Every descriptor of every process that it sees, and every name there is."""
    person = sit(
        *tty(
            "import os, subprocess\n"
            "subprocess.run(['true'])\n"
            "print(sorted(os.listdir('/dev/pts')))\n"
            "seen = set()\n"
            "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
            "    try: fds = os.listdir(f'/proc/{pid}/fd')\n"
            "    except OSError: continue\n"
            "    for fd in fds:\n"
            "        try: seen.add(os.readlink(f'/proc/{pid}/fd/{fd}'))\n"
            "        except OSError: pass\n"
            "print(sorted(name for name in seen if not name.startswith('/proc')))\n"
            "print({os.fstat(fd).st_dev == os.stat('/dev/pts').st_dev for fd in range(3)})\n"
        )
    )
    assert person.ends() == 0
    assert person.shown.decode().splitlines() == ["['0', 'ptmx']", "['/dev/pts/0']", "{True}"]


def test_what_it_does_to_its_terminal_is_nothing_to_the_callers(sit):
    """Modes, size, owner, exclusive use and the console: the caller's stays as it is."""
    person = sit(
        *tty(
            "import fcntl, os, struct, termios\n"
            "modes = termios.tcgetattr(0)\n"
            "modes[0] = modes[1] = modes[3] = 0\n"
            "termios.tcsetattr(0, termios.TCSANOW, modes)\n"
            "fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 1, 1, 0, 0))\n"
            "fcntl.ioctl(0, termios.TIOCEXCL)\n"
            "os.fchmod(0, 0o666)\n"
            "try: fcntl.ioctl(0, termios.TIOCCONS)\n"
            "except OSError: pass\n"
            "os.write(1, b'ready\\n')\n"
            "os.read(0, 1)\n"
        )
    )
    mode = os.fstat(person.terminal).st_mode
    person.sees(rb"ready\r?\n")
    assert person.is_raw()
    assert fcntl.ioctl(person.leader, termios.TIOCGWINSZ, b"\0" * 4) == struct.pack(
        "HH", ROWS, COLUMNS
    )
    assert os.fstat(person.terminal).st_mode == mode
    os.close(os.open(os.ttyname(person.terminal), os.O_RDWR | os.O_NOCTTY))
    person.type(b"x")
    assert person.ends() == 0
    assert person.modes() == person.before


def test_a_script_that_leaves_its_session_cannot_take_another_terminal(sit):
    person = sit(
        *tty(
            "import fcntl, os, termios\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    try: open('/dev/tty'); print('still')\n"
            "    except OSError: print('none')\n"
            "    try: fcntl.ioctl(0, termios.TIOCSCTTY, 1); print('stolen')\n"
            "    except OSError: print('refused')\n"
            "    os._exit(0)\n"
            "os.wait()\n"
        )
    )
    assert person.ends() == 0
    assert person.shown == b"none\r\nrefused\r\n"


def test_what_stays_behind_ends_with_the_script(sit):
    person = sit(
        *tty("import os, time\nif os.fork() == 0: os.setsid(); time.sleep(600)\nprint('end')")
    )
    assert person.ends() == 0
    assert person.shown == b"end\r\n"


def test_closing_every_descriptor_of_it_is_not_its_end(sit):
    person = sit(
        *tty(
            "import os, time\nos.closerange(0, 3)\ntime.sleep(0.3)\n"
            "fd = os.open('/dev/tty', os.O_RDWR)\nos.write(fd, b'back\\n')\n"
        )
    )
    assert person.ends() == 0
    assert person.shown == b"back\r\n"
