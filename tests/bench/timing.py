# SPDX-License-Identifier: Apache-2.0
"""Things that can be timed, and timing them in turns.

What runs in a box is in a session of its own, which on a busy machine waits longer for its first turn
and then has a larger share. What is held against it is given what favours us less: the session of
this script where one is timed, and one of its own where many run at once.

A thing has a name and once(), which does it and returns how many milliseconds that took. What is
compared is done in turns, with the same pause before each, so that a busy moment of the machine
and a processor that has slept meet all alike.
"""

import json
import os
import select
import statistics
import subprocess
import time

NOWHERE = [
    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
]
UNHEARD = (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)
PATIENCE = 120  # seconds for an answer
TURNS_MIN, TURNS_LEAST = 7, 3  # where a turn takes very long


class Broken(Exception):
    """It did not do what it is timed for."""


class Command:
    """A program, from its start until it is reaped."""

    def __init__(self, name, words, environment, heard=True, session=False):
        self.name, self.words, self.environment = name, words, environment
        self.session = session  # of its own: the kernel shares a busy processor out to sessions
        self.actions = NOWHERE if heard else [*NOWHERE, UNHEARD]

    def once(self):
        start = time.perf_counter()
        pid = os.posix_spawnp(
            self.words[0], self.words, self.environment, file_actions=self.actions,
            setsid=self.session,
        )  # fmt: skip
        _, status = os.waitpid(pid, 0)
        taken = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) != 0:
            raise Broken(f"{' '.join(self.words)}: wait status {status}")
        return taken * 1000

    def close(self):
        pass


class Server:
    """A client of an MCP server over stdio without a thread, and without a parser in what is timed:
    the clock stops when the last byte of a line is there."""

    def __init__(self, words, environment, cwd):
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, cwd=cwd,
        )  # fmt: skip
        self.pid = self.process.pid
        self.into, self.out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.poll = select.poll()
        self.poll.register(self.out, select.POLLIN)
        self.rest, self.number, self.took, self.reply_bytes = b"", 0, 0.0, 0

    def request(self, method, **params):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        line = json.dumps(message).encode() + b"\n"
        start = time.perf_counter()
        self._put(line)
        while True:
            line, come = self._line()
            reply = json.loads(line)
            if reply.get("id") == self.number and "method" not in reply:
                break
        self.took, self.reply_bytes = (come - start) * 1000, len(line)
        if "result" not in reply:
            raise Broken(f"{method}: {reply}")
        return reply["result"]

    def notify(self, method):
        self._put(json.dumps({"jsonrpc": "2.0", "method": method}).encode() + b"\n")

    def begin(self):
        self.request(
            "initialize",
            protocolVersion="2025-06-18",
            capabilities={},
            clientInfo={"name": "bench", "version": "1"},
        )
        self.notify("notifications/initialized")
        return self

    def call(self, tool, **arguments):
        return self.request("tools/call", name=tool, arguments=arguments)

    def _put(self, data):
        while data:
            data = data[os.write(self.into, data) :]

    def _line(self):
        come = time.perf_counter()
        while b"\n" not in self.rest:
            if not self.poll.poll(PATIENCE * 1000):
                raise Broken(f"no answer within {PATIENCE} s")
            data = os.read(self.out, 1 << 20)
            come = time.perf_counter()
            if not data:
                raise Broken("the server ended")
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line, come

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Call:
    """One call of a tool. `judge` is given the answer and raises where it is not the right one."""

    def __init__(self, name, server, tool, arguments, judge):
        self.name, self.server, self.tool = name, server, tool
        self.arguments, self.judge, self.result = arguments, judge, None

    def once(self):
        self.result = self.server.call(self.tool, **self.arguments)
        self.judge(self.result)
        return self.server.took

    def close(self):
        self.server.close()


class Times(list):
    """Milliseconds, in the order in which they were measured."""

    def at(self, part):
        ordered = sorted(self)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

    @property
    def median(self):
        return statistics.median(self)

    def judge(self, bound):
        """The bound, or None: of very few times none is judged."""
        return bound if len(self) >= TURNS_MIN else None

    @property
    def best(self):
        """The best tenth: nearest to what it takes when nobody else is at it."""
        return self.at(0.1)

    @property
    def p99(self):
        return self.at(0.99)


    def __str__(self):
        return f"{self.median:.2f} ms (best tenth {self.best:.2f}, p99 {self.p99:.2f})"


def warm_up(things, times=3):
    for thing in things:
        for _ in range(times):
            thing.once()


def alternate(things, turns, seconds, pause=0.0, block=1):
    """Times of each. It goes on for so many turns or seconds, whichever is over first, but for a
    few turns at least. In a block a thing is done several times in a row: for what is only itself
    when its like came before it."""
    found = [Times() for _ in things]
    begun = time.monotonic()

    def goes_on():
        taken, made = time.monotonic() - begun, len(found[0])
        return made < TURNS_LEAST or taken < seconds or (made < TURNS_MIN and taken < 3 * seconds)

    while len(found[0]) < turns and goes_on():
        for thing, kept in zip(things, found):
            for _ in range(block):
                time.sleep(pause)
                kept.append(thing.once())
    return found
