# SPDX-License-Identifier: Apache-2.0
"""A captured front: whatever it sends the gate, it gets no more than a polite client could.

The test takes the front's place at the gate's socket and speaks frames (include/cordon/launch.h).
"""

import array
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

import support

ABSENT = 0xFFFFFFFF
UNBOUNDED = 0xFFFFFFFFFFFFFFFF
LIMITS = 10
OPEN_FILES = 4  # in the order of struct limits
STDIN, STDOUT, STDERR, CONTROL, NOTES, SCRIPT, PROFILE = range(7)
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
REFUSED, FAULT = 8, 9
OUTCOME = 5  # enum note_kind


def text(value):
    if value is None:
        return struct.pack("=I", ABSENT)
    encoded = value.encode()
    return struct.pack("=I", len(encoded)) + encoded


def words(values):
    return struct.pack("=I", len(values)) + b"".join(map(text, values))


def launch(present, what=0, job="captured-1", policy="default", owner="local", **more):
    frame = b"L" + bytes([what]) + text(job) + text(policy) + text(owner)
    frame += text(more.get("tool", "captured")) + text(more.get("trace", ""))
    frame += text(more.get("policy_file")) + text(more.get("workspace"))
    frame += text(more.get("script_path")) + bytes([2 if more.get("python") else 0])
    frame += text(more.get("python")) + bytes([1, 0, 0]) + text(more.get("header"))
    frame += words(more.get("requirements", [])) + words(more.get("imports", []))
    frame += bytes([more.get("project", False)]) + words(more.get("argv", []))
    frame += words(more.get("env", []))
    frame += words(more.get("hosts", []))
    extra = more.get("extra", [])
    frame += struct.pack("=I", len(extra)) + b"".join(text(path) + b"\x01" for path in extra)
    frame += struct.pack("=Q", UNBOUNDED) * LIMITS
    ceiling = more.get("ceiling", {})
    frame += b"".join(struct.pack("=Q", ceiling.get(i, UNBOUNDED)) for i in range(LIMITS))
    frame += text(more.get("terminal")) + struct.pack("=I", 24 << 16 | 80) + b"\x00"
    frame += struct.pack("=IBB", more.get("sample_ms", 0), 0, 0)
    frame += bytes([more.get("by_person", False)]) + text(more.get("zone"))
    return frame + struct.pack("=I", sum(1 << number for number in present))


def memfd(content, seals=SEALS):
    fd = os.memfd_create("script", os.MFD_ALLOW_SEALING)
    os.write(fd, content)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


class Gate:
    """`cordon-sandbox gate` with this process in the front's place."""

    def __init__(self, cordon, state, root, *options):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def on_three():
            os.dup2(theirs.fileno(), 3, inheritable=True)

        self.process = subprocess.Popen(
            [support.sandbox_of(cordon), "--state", state, "--root", root, *options, "gate"],
            env=support.clean_environment(ASAN_OPTIONS="detect_leaks=0"),
            preexec_fn=on_three,
            close_fds=False,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def send(self, frame, fds=()):
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.ours.sendmsg([frame], ancillary)

    def order(self, code=b"print('ran')", fds=None, present=None, **more):
        """Sends one launch; returns (notes, output) when all its pipes have ended."""
        pipes = [os.pipe() for _ in range(4)]
        out, err, control, notes = pipes
        sent = {STDOUT: out[1], STDERR: err[1], CONTROL: control[0], NOTES: notes[1]}
        if code is not None:
            sent[SCRIPT] = memfd(code)
        sent.update(fds or {})
        numbers = sorted(sent)
        frame = launch(present or numbers, **more)
        self.send(frame, [sent[number] for number in numbers])
        for fd in {*sent.values(), out[1], err[1], control[0], notes[1]}:
            os.close(fd)
        output, said = read_all(out[0]), read_all(notes[0])
        read_all(err[0])
        os.close(control[1])
        return said, output

    def close(self):
        self.ours.close()
        self.process.wait(10)


def read_all(fd):
    with open(fd, "rb") as stream:
        return stream.read()


def end_of(notes):
    """The end in the last note: u32 length, u8 kind, u8 end."""
    at, end = 0, None
    while at < len(notes):
        (length,) = struct.unpack_from("=I", notes, at)
        if notes[at + 4] == OUTCOME:
            end = notes[at + 5]
        at += 4 + length
    return end


@pytest.fixture
def gate(cordon, tmp_path):
    (tmp_path / "root").mkdir()
    gate = Gate(cordon, tmp_path / "state", tmp_path / "root")
    yield gate
    gate.close()


def test_a_polite_order_runs(gate):
    notes, output = gate.order()
    assert output == b"ran\n"
    assert end_of(notes) == 0


ORDERS = {
    "the prepare step's policy": dict(policy="fetch"),
    "a policy that is no client's": dict(policy="ci"),
    "a policy by path": dict(policy="../../etc/passwd"),
    "a policy file": dict(policy_file="/tmp/own.json"),
    "a terminal": dict(terminal="xterm"),
    "a further mount": dict(extra=["/root"]),
    "a workspace outside the roots": dict(workspace="/var/lib"),
    "the root as workspace": dict(workspace="/"),
    "an interpreter by path": dict(python="/bin/true"),
    "a script above the box": dict(script_path="/../../../tmp/cordon-captured"),
    "a script over the made files": dict(script_path="/etc/passwd"),
    "a script that is no path": dict(script_path="tmp/cordon-captured"),
    "an owner above its directory": dict(owner="../gate", requirements=["six"]),
    "an owner with a line of its own": dict(owner="local\nts=forged"),
    "an owner whom nobody configured": dict(owner="ann"),
    "an owner made from a subject, where nobody may be": dict(owner="oauth-" + "0" * 32),
    "a job with a line of its own": dict(job="a\nb"),
    "a variable of cordon's own": dict(env=["CORDON_PROGRESS=/x"]),
    "a further host": dict(hosts=["example.org"]),
    "an index in a header": dict(header='[[tool.uv.index]]\nurl = "https://example.org"'),
    "a person's words": dict(by_person=True),
    "a person's zone": dict(zone="Europe/Berlin"),
    "a direct reference": dict(requirements=["x @ file:///root/x.whl"]),
    "an option as a requirement": dict(requirements=["--find-links=/root"]),
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_beyond_a_clients_rights_is_refused(gate, order):
    notes, output = gate.order(**ORDERS[order])
    assert output == b""
    assert end_of(notes) in (REFUSED, FAULT)
    assert not Path("/tmp/cordon-captured").exists()
    assert gate.order()[1] == b"ran\n", "the gate does not serve on"


@pytest.fixture
def shared(cordon, tmp_path):
    """A gate that knows two principals, and anybody."""
    (tmp_path / "root").mkdir()
    config = support.policy_file(tmp_path, "unused").parent / "config.json"
    names = {"ann": {"policies": ["ci"]}, "bob": {}, "*": {"policies": ["strict"]}}
    config.write_text(json.dumps({"principals": names}))
    config.chmod(0o644)
    gate = Gate(cordon, tmp_path / "state", tmp_path / "root", "--config", config)
    yield gate
    gate.close()


def test_an_order_is_judged_by_its_owners_policies(shared):
    anybody = "oauth-" + "0123456789abcdef" * 2
    served = [("ann", "ci"), ("bob", "default"), (anybody, "strict"), ("local", "default")]
    refused = [("ann", "default"), ("bob", "ci"), (anybody, "default"), ("local", "ci")]
    refused += [("eve", "default"), ("*", "strict"), ("oauth-0", "strict")]
    for owner, policy in served:
        assert shared.order(owner=owner, policy=policy)[1] == b"ran\n", owner
    for owner, policy in refused:
        notes, output = shared.order(owner=owner, policy=policy)
        assert output == b"" and end_of(notes) in (REFUSED, FAULT), owner


def test_what_is_left_of_a_quota_lowers_the_policys_limits(gate):
    code = b"import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE)[1])"
    assert int(gate.order(code)[1]) > 50
    assert int(gate.order(code, ceiling={OPEN_FILES: 50})[1]) == 50


def test_a_profile_is_the_operators(gate):
    pipe = os.pipe()
    notes, output = gate.order(fds={PROFILE: pipe[1]})
    assert output == b"" and end_of(notes) == REFUSED
    assert read_all(pipe[0]) == b""


CHART = 2  # enum launch_what
A_PROFILE = b'{"label": "drawn", "frames": [{"stack": ["f"], "seconds": 1}]}'

BEYOND_A_CHART = {
    "a script": dict(code=b"print('ran')"),
    "a script by its path": dict(script_path="/tmp/x.py"),
    "a workspace": dict(workspace="ROOT"),
    "variables": dict(env=["LD_PRELOAD=/tmp/x.so"]),
    "packages": dict(requirements=["six"]),
    "imports": dict(imports=["six"]),
    "a header": dict(header="dependencies = []"),
    "a file as a word": dict(argv=["--format", "svg", "/etc/passwd"]),
    "a long word": dict(argv=["--format", "s" * 17]),
    "many words": dict(argv=["--flame"] * 17),
    "a host": dict(hosts=["example.org"]),
    "a file": dict(extra=["/root"]),
    "a policy file": dict(policy_file="/tmp/own.json"),
    "a terminal": dict(terminal="xterm"),
    "an interpreter": dict(python="3.12"),
}


def draw(gate, argv=("--flame", "--format", "svg"), code=None, **more):
    """Orders a picture as a front does."""
    document, ours = os.pipe()
    os.write(ours, A_PROFILE)
    os.close(ours)
    return gate.order(code, fds={STDIN: document}, what=CHART, argv=list(argv), **more)


def test_a_picture_is_drawn_under_strict_whatever_policy_is_named(gate, tmp_path):
    for policy in ("strict", "fetch", "default", "ci"):
        notes, output = draw(gate, policy=policy)
        assert output.endswith(b"</svg>\n") and b"drawn" in output
        assert end_of(notes) == 0
    lines = (tmp_path / "state/gate/audit.log").read_text().splitlines()
    assert [json.loads(line)["policy"] for line in lines] == ["strict"] * 4


def test_an_order_for_a_picture_brings_nothing_else(gate, tmp_path):
    for more, wishes in BEYOND_A_CHART.items():
        if "workspace" in wishes:
            wishes["workspace"] = str(tmp_path / "root")
        notes, output = draw(gate, **wishes)
        assert (output, end_of(notes)) == (b"", REFUSED), more
    assert draw(gate)[1].endswith(b"</svg>\n")


def test_descriptors_of_a_wrong_kind_are_refused(gate, tmp_path):
    directory = os.open(tmp_path, os.O_RDONLY)
    regular = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    left, right = socket.socketpair()
    unsealed = memfd(b"print('ran')", fcntl.F_SEAL_SHRINK)
    for number, fd in (
        (STDOUT, regular),
        (STDIN, directory),
        (CONTROL, left.fileno()),
        (SCRIPT, unsealed),
        (SCRIPT, regular),
    ):
        notes, output = gate.order(fds={number: os.dup(fd)})
        assert output == b""
        assert end_of(notes) in (REFUSED, FAULT, None)
    assert gate.order()[1] == b"ran\n"


def test_frames_that_are_none_change_nothing(gate):
    frames = [b"", b"X", b"L", b"R", b"L" + b"\xff" * 200, launch([1, 2, 3, 4])[:-3]]
    frames += [launch([1, 2, 3, 4]), launch([]), launch(range(6)), os.urandom(60000)]
    for frame in frames:
        if frame:
            gate.send(frame)
    assert gate.order()[1] == b"ran\n"


def test_a_flood_of_descriptors_is_closed(gate):
    pipe = os.pipe()
    assert gate.order()[1] == b"ran\n"  # it stands, and has opened what it needs
    before = len(os.listdir(f"/proc/{gate.process.pid}/fd"))
    for _ in range(100):
        gate.send(b"X", [pipe[0]] * 6)
    assert gate.order()[1] == b"ran\n"
    # The box may have ended before the gate has closed its own ends of it; and what it keeps for
    # boxes that wait (a socket each, a script for each kind) is a few, where 600 were sent.
    support.soon(lambda: len(os.listdir(f"/proc/{gate.process.pid}/fd")) <= before + 20)


def test_environments_filters_and_the_audit_log_are_the_gates(gate, tmp_path):
    gate.order()
    state = tmp_path / "state"
    for name in ("gate", "gate/filters", "gate/audit.log"):
        path = state / name
        assert path.stat().st_uid == os.getuid()
        assert path.stat().st_mode & 0o077 == 0
    audit = (state / "gate/audit.log").read_text()
    forged = 'local\n{"event":"end","job":"forged"}'
    gate.order(owner=forged)
    gate.order(job="x\ny")
    after = (state / "gate/audit.log").read_text()
    assert after.startswith(audit)
    first, owner, job = map(json.loads, after.splitlines())
    assert first["end"] == "exited"
    assert (owner["principal"], owner["end"]) == (forged, "refused")
    assert (job["job"], job["end"]) == ("x\ny", "refused")


def test_the_front_gone_is_every_box_gone(gate):
    control, out, err, notes = os.pipe(), os.pipe(), os.pipe(), os.pipe()
    code = memfd(b"import time, os\nos.fork()\ntime.sleep(600)")
    frame = launch([STDOUT, STDERR, CONTROL, NOTES, SCRIPT])
    gate.send(frame, [out[1], err[1], control[0], notes[1], code])
    for fd in (out[1], err[1], control[0], notes[1]):
        os.close(fd)
    os.read(notes[0], 4)  # it has begun
    os.close(control[1])
    gate.ours.close()
    assert read_all(out[0]) == b""  # nobody holds its output any more
    read_all(notes[0])
    assert gate.process.wait(120) == 0


def test_the_gate_cannot_be_stopped_by_what_it_reads(gate):
    def ask(number, what, directory, path, owner="local"):
        gate.send(
            b"R" + struct.pack("=IB", number, what) + text(owner) + text(directory) + text(path)
        )

    ask(1, 0, "/" + "a/" * 20000, "b" * 20000)
    ask(2, 0, None, "/proc/self/mem")
    ask(3, 1, None, "../../etc/shadow")
    ask(4, 1, None, None)
    ask(5, 1, "/", "x" * 40000)
    ask(6, 3, None, None)
    ask(7, 1, None, "default", owner="ann")
    ask(8, 1, None, "default", owner="x" * 1000)
    gate.process.send_signal(signal.SIGCHLD)
    assert gate.order()[1] == b"ran\n"
