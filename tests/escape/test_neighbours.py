# SPDX-License-Identifier: Apache-2.0
"""What a box takes of its user's share of the kernel must leave enough for the next box."""

import os
import resource
import socket

import pytest

FILL = """
import array, os, socket, time
held, fds = [], [os.open('/dev/null', os.O_RDONLY)] * 200
try:
    while True:
        held.append(socket.socketpair(socket.AF_UNIX))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))]
        for _ in range(5):
            held[-1][0].sendmsg([b'x'], rights)
except OSError as problem:
    print(problem.errno == 109, flush=True)
time.sleep(60)
"""


def test_descriptors_that_nobody_takes_do_not_keep_other_boxes_from_starting(start, run):
    """They count for the user, and against the limit of whoever sends one: cordon does."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2048:
        pytest.skip("the hard limit of open files leaves cordon no more than a box has")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        filler = start("run", "--no-uv", "-c", FILL)
        assert filler.stdout.readline() == b"True\n"
        # Any other program of the same user, with the limit that they commonly have.
        one, other = socket.socketpair(socket.AF_UNIX)
        socket.send_fds(one, [b"x"], [0])
        _, received, _, _ = socket.recv_fds(other, 1, 1)
        result = run("run", "--no-uv", "-c", "print('ran')")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(received) == 1
    os.close(received[0])
    assert (result.exit, result.out, result.err) == (0, "ran\n", "")


CROWD = """
import os, time
for _ in range(115):
    if os.fork() == 0:
        time.sleep(600)
time.sleep({seconds})
"""


def test_many_idle_processes_do_not_keep_the_supervisor_busy(run):
    """Its time is not the box's: no limit would end it."""

    def spent(seconds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run("run", "--no-uv", "-c", CROWD.format(seconds=seconds))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (result.exit, result.err) == (0, "")
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # The crowd has to be started once, which takes as long as this machine needs for it.
    more = spent(3) - spent(0)
    assert more < 1.5, f"{more} s of processor time for a box that sleeps 3 s"
