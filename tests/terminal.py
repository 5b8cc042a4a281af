# SPDX-License-Identifier: Apache-2.0
"""A terminal, and somebody who sits at it and starts a program."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import support

ROWS, COLUMNS = 33, 101
PATIENCE = 120


class Person:
    """Somebody at a terminal: sees what is shown, types, changes the window."""

    def __init__(self, words, state, env=None, resize=(ROWS, COLUMNS), **options):
        self.leader, self.terminal = pty.openpty()
        self.shown = b""
        self.resize(*resize)
        self.before = termios.tcgetattr(self.terminal)
        options.setdefault("stdout", self.terminal)

        def at_the_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*map(str, words)],
            stdin=self.terminal,
            stderr=self.terminal,
            env=support.clean_environment(
                **{"CORDON_STATE": str(state), "TERM": "xterm-256color", **(env or {})}
            ),
            cwd="/",
            preexec_fn=at_the_terminal,
            **options,
        )

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.leader, keys)

    def look(self, seconds):
        """Takes in what is shown within that time; False if there was nothing."""
        if not select.select([self.leader], [], [], seconds)[0]:
            return False
        self.shown += os.read(self.leader, 65536)
        return True

    def sees(self, pattern):
        """Waits until it is shown; what was shown up to it is seen and gone."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < end, f"never saw {pattern}: {self.shown!r}"
            assert self.look(0.1) or self.process.poll() is None, f"ended: {self.shown!r}"
        self.shown = self.shown[found.end() :]
        return found

    def modes(self):
        return termios.tcgetattr(self.terminal)

    def is_raw(self):
        return not self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG)

    def ends(self):
        """Sees the rest; the exit status."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"does not end: {self.shown!r}"
            self.look(0.01)
        while self.look(0):
            pass
        return self.process.returncode

    def leave(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)
        os.close(self.terminal)
