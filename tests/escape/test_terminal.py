# SPDX-License-Identifier: Apache-2.0
"""What a program can do to the terminal it is given: outside it succeeds, in a box it does not.

Each attack is Python that is run at a terminal, bare and with `cordon run --tty`; whoever sits
there then looks whether it came through.
"""

import errno
import fcntl
import os
import stat
import struct
import termios

import pytest

import support
from terminal import COLUMNS, ROWS, Person

# A process of its own, in a session of its own, that still has the terminal open.
STAY = """
import fcntl, os, struct, sys, termios, time
if os.fork():
    time.sleep(0.3)
    os._exit(0)
os.setsid()
"""


# What nobody but who reads after the end has on a command line.
READ_ON = f"while True: os.read(0, 100)  # {os.getpid()}"
# How long somebody looks whether anything happens: bare it must, on a machine however busy.
BARE, BOXED = 60, 0.5


def waiting(person):
    """How many bytes nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(person.terminal, termios.FIONREAD, bytes(4)))[0]


def next_keys(person):
    """What a shell would read now, after its person has typed a command."""
    modes = person.modes()
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(person.terminal, termios.TCSANOW, modes)
    person.type(b"sudo secret\n")
    support.eventually(lambda: waiting(person) == 0, person.patience)
    os.set_blocking(person.terminal, False)
    try:
        return os.read(person.terminal, 1000)
    except BlockingIOError:
        return b""


def steals_keys(person):
    return next_keys(person) != b"sudo secret\n"


def types(person):
    os.set_blocking(person.terminal, False)
    try:
        return b"typed" in os.read(person.terminal, 1000)
    except BlockingIOError:
        return False


def shows_later(person):
    person.shown = b""  # of before the end

    def shown():
        person.look(0.1)
        return b"Password:" in person.shown

    return support.eventually(shown, 1.5 + person.patience) is not None


def leaves_modes(person):
    return person.modes() != person.before


def leaves_size(person):
    size = fcntl.ioctl(person.leader, termios.TIOCGWINSZ, bytes(8))
    return struct.unpack("HHHH", size)[:2] != (ROWS, COLUMNS)


def opens_it_to_all(person):
    return bool(os.fstat(person.terminal).st_mode & stat.S_IWOTH)


def locks_it(person):
    try:
        os.close(os.open(os.ttyname(person.terminal), os.O_RDWR | os.O_NOCTTY))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def blinds_it(person):
    """The line discipline: nothing that is typed arrives as it was."""
    return fcntl.ioctl(person.terminal, termios.TIOCGETD, bytes(4)) != bytes(4)


ATTACKS = {
    "read what is typed after the end": (
        STAY + READ_ON,
        steals_keys,
    ),
    "show a prompt after the end": (
        STAY + "time.sleep(1.2)\nos.write(1, b'Password: ')",
        shows_later,
    ),
    "leave a terminal that shows no keys": (
        "import termios\nm = termios.tcgetattr(0)\nm[3] &= ~(termios.ECHO | termios.ICANON)\n"
        "termios.tcsetattr(0, termios.TCSANOW, m)",
        leaves_modes,
    ),
    "change the size of the window": (
        "import fcntl, struct, termios\n"
        "fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 1, 1, 0, 0))",
        leaves_size,
    ),
    "let everybody write to the terminal": ("import os\nos.fchmod(0, 0o666)", opens_it_to_all),
    "lock the terminal": ("import fcntl, termios\nfcntl.ioctl(0, termios.TIOCEXCL)", locks_it),
    "change the line discipline": (
        "import fcntl, struct, termios\n"
        "fcntl.ioctl(0, termios.TIOCSETD, struct.pack('i', 1))",
        blinds_it,
    ),
    "type a command": (
        "import fcntl, termios\nfor c in b'typed\\n': fcntl.ioctl(0, termios.TIOCSTI, bytes([c]))",
        types,
    ),
    "type a command by name": (
        "import fcntl, termios\nwith open('/dev/tty', 'w') as tty:\n"
        "    for c in b'typed\\n': fcntl.ioctl(tty, termios.TIOCSTI, bytes([c]))",
        types,
    ),
    "have the terminal answer a question": (
        # Whatever answers does it as if somebody typed: a device report, a title.
        "import os, time\nos.write(1, b'\\x1b[c')\ntime.sleep(0.3)",
        types,
    ),
}

# Not every kernel, and not every caller, can do these outside.
MAY_FAIL_OUTSIDE = {
    "type a command",
    "type a command by name",
    "lock the terminal",
    "change the line discipline",
}


def comes_through(words, state, look, answers, patience):
    person = Person(words, state)
    person.patience = patience
    try:
        if answers:
            person.sees(rb"\x1b\[c")
            person.type(b"typed\n")  # what a terminal emulator does
        person.ends()
        return look(person)
    finally:
        person.leave()
        for pid in support.alive(READ_ON):
            os.kill(pid, 9)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_terminal_is_out_of_reach(cordon, state, name):
    code, look = ATTACKS[name]
    answers = "answer" in name
    outside = comes_through([support.SYSTEM_PYTHON, "-c", code], state, look, answers, BARE)
    if not outside and name in MAY_FAIL_OUTSIDE:
        pytest.skip("not possible outside either")
    assert outside, "the attack proves nothing: it fails outside"
    assert not comes_through([cordon, "run", "--tty", "-c", code], state, look, answers, BOXED)
