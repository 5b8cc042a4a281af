# SPDX-License-Identifier: Apache-2.0
"""What a box takes of its user's share of the kernel must leave enough for the next box."""

import resource

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
        result = run("run", "--no-uv", "-c", "print('ran')")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (result.exit, result.out, result.err) == (0, "ran\n", "")
