# SPDX-License-Identifier: Apache-2.0
"""The socket by which command lines hand their runs to a server: no script gets through it, and
nobody who has given anything up; and what comes through it is judged like a front's frames.
"""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import support
from test_captured_front import CONTROL, NOTES, ORDERS, REFUSED, FAULT, SCRIPT, STDERR, STDOUT
from test_captured_front import end_of, launch, memfd, read_all

KNOCKS = """
import os, socket, sys
for name in sys.argv[1:]:
    try:
        call = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        call.connect(name)
        call.send(b"K")
        print("heard" if call.recv(300) else "closed")
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def hatch(serve, state, tmp_path):
    """The path of a server's socket."""
    serve("--root", tmp_path)
    directory = state / "gate/hatch"

    def names():
        return [name for name in os.listdir(directory) if name[0] != "."]

    support.soon(lambda: directory.exists() and names())
    return directory / names()[0]


def test_nobody_else_can_reach_it(hatch, state):
    for path in (state / "gate", hatch.parent, hatch):
        assert path.stat().st_uid == os.getuid()
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_script_is_not_heard_even_where_it_sees_the_socket(hatch, run, start):
    outside = subprocess.run(
        [support.SYSTEM_PYTHON, "-c", KNOCKS, hatch], capture_output=True, text=True
    )
    assert outside.stdout == "heard\n"
    for way in (("--directory", hatch.parent), ("--read", hatch.parent), ("--write", hatch.parent)):
        result = run("run", "--no-server", *way, "-c", KNOCKS, hatch)
        assert result.exit == 0 and "heard" not in result.out, (way, result)


def test_who_has_given_up_privileges_is_not_heard(hatch):
    words = [support.SYSTEM_PYTHON, "-c", KNOCKS, hatch]
    confined = subprocess.run(["setpriv", "--no-new-privs", *words], capture_output=True, text=True)
    assert confined.stdout in ("closed\n", "ConnectionResetError\n", "BrokenPipeError\n")
    free = subprocess.run(words, capture_output=True, text=True)
    assert free.stdout == "heard\n"


@pytest.mark.skipif(not support.ROOT, reason="only root can be somebody else")
def test_another_user_is_not_heard_though_he_could_reach_it(hatch, state, tmp_path):
    for path in (state / "gate", hatch.parent, hatch):
        path.chmod(0o777)
    for path in (tmp_path, *tmp_path.parents[:-2], state):
        path.chmod(0o755)
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    result = subprocess.run(
        [*words, support.SYSTEM_PYTHON, "-c", KNOCKS, hatch], capture_output=True, text=True
    )
    assert result.stdout in ("closed\n", "ConnectionResetError\n", "BrokenPipeError\n")


def polite_knock(run, hatch):
    """What a command line says first: it is let through to a socket of ours, which declines."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    away = hatch.parent / ".away"
    hatch.rename(away)
    ours.bind(str(hatch.parent / "ours"))
    ours.listen()
    heard = []

    def listen():
        call, _ = ours.accept()
        heard.append(call.recv(65536))
        call.send(b"nno")
        call.close()

    listener = threading.Thread(target=listen)
    listener.start()
    assert run("run", "-c", "print(1)").out == "1\n"
    listener.join(60)
    ours.close()
    (hatch.parent / "ours").unlink()
    away.rename(hatch)
    return heard[0]


def order_as(knock, hatch, **more):
    """One launch through the hatch: (notes, output); None where it was not taken."""
    call = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    call.connect(str(hatch))
    call.send(knock)
    assert call.recv(300) == b"y"
    out, err, control, notes = (os.pipe() for _ in range(4))
    sent = {STDOUT: out[1], STDERR: err[1], CONTROL: control[0], NOTES: notes[1]}
    sent[SCRIPT] = memfd(b"print('ran')")
    numbers = sorted(sent)
    frame = launch(numbers, **{"by_person": True, **more})
    socket.send_fds(call, [frame], [sent[number] for number in numbers])
    for fd in sent.values():
        os.close(fd)
    said, output = read_all(notes[0]), read_all(out[0])
    read_all(err[0])
    os.close(control[1])
    taken = call.recv(1) == b"t"
    call.close()
    return (said, output) if taken else None


def test_what_comes_through_is_judged_like_a_fronts_frames(hatch, run):
    knock = polite_knock(run, hatch)
    assert order_as(knock, hatch)[1] == b"ran\n"
    for order, wishes in ORDERS.items():
        if order in ("a person's words", "a person's zone"):
            continue
        answer = order_as(knock, hatch, **wishes)
        if answer:
            assert answer[1] == b"" and end_of(answer[0]) in (REFUSED, FAULT), order
    assert not Path("/tmp/cordon-captured").exists()
    assert order_as(knock, hatch, owner="ann") is None
    assert order_as(knock, hatch, by_person=False) is None
    assert order_as(knock, hatch, zone="Asia/Tokyo")[1] == b"ran\n"


def test_frames_that_are_none_change_nothing(hatch, run):
    knock = polite_knock(run, hatch)
    strange = [[b"X"], [os.urandom(60000)], [launch([1])]]
    for frames in (*strange, [knock, b"X"], [knock, knock], [knock]):
        call = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        call.connect(str(hatch))
        for frame in frames:
            try:
                call.send(frame)
            except (BrokenPipeError, ConnectionResetError):
                break  # it has heard enough
        call.close()
    assert order_as(knock, hatch)[1] == b"ran\n"
