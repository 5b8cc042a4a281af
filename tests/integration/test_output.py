# SPDX-License-Identifier: Apache-2.0
"""Output under pressure: any bytes, any amount, slow readers, and what outlives the script."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

import support

ALONE = "py_run_script_with_dependencies"
REPLY_MAX = 128 * 1024
# Nobody else on this machine sleeps so long.
NAP = f"sleep 4321.{os.getpid()}"


def resident(pid, what):
    return int(support.status(pid)[what].split()[0]) * 1024


def is_sanitized(pid):
    """A build with sanitizers reserves terabytes, and keeps what was freed for a while."""
    return resident(pid, "VmSize") > 2**40


# --- what a script leaves behind ------------------------------------------------------------------


def test_what_is_on_its_way_when_the_script_ends_still_arrives(run):
    """The shell does not wait for the end of its `>(...)`."""
    result = run("exec", "--", "/bin/bash", "-c", "seq 20000 > >(sleep 0.05; cat)")
    assert result.out.split() == [str(n) for n in range(1, 20001)]


@pytest.mark.parametrize("how", ["{} &", "setsid {} &", "({} &) &"])
def test_a_child_that_keeps_the_pipes_open_holds_nobody_up(run, how):
    result = run("exec", "--json", "--", "/bin/sh", "-c", "echo said; " + how.format(NAP)).json()
    assert (result["end"], result["exit_code"], result["stdout"]) == ("exited", 0, "said\n")
    # It takes its moment, which is not counted as the script's.
    assert result["elapsed_seconds"] - result["usage"]["wall_seconds"] >= 0.25
    assert not support.alive(NAP)


def test_a_script_without_children_waits_for_nobody(run):
    runs = (run("exec", "--json", "--", "/bin/true").json() for _ in range(30))
    assert any(r["elapsed_seconds"] - r["usage"]["wall_seconds"] < 0.25 for r in runs)


def test_the_end_of_the_script_counts_and_not_that_of_its_children(run):
    """A limit that falls into the moment after is not what ended the script."""
    for _ in range(3):
        words = ("--timeout", "500ms", "--", "/bin/sh", "-c", "sleep 60 & sleep 0.35; exit 3")
        result = run("exec", "--json", *words).json()
        if result["usage"]["wall_seconds"] < 0.5:
            assert (result["end"], result["exit_code"]) == ("exited", 3)
        else:  # a busy machine
            assert result["end"] == "wall"


def test_what_a_killed_script_leaves_gets_no_moment(run):
    def spent(last_words):
        words = ("--", "/bin/sh", "-c", f"{NAP} & {last_words}")
        result = run("exec", "--json", *words).json()
        return result["elapsed_seconds"] - result["usage"]["wall_seconds"]

    assert any(spent("kill -9 $$") < 0.25 for _ in range(30))  # on a busy machine not each time
    assert min(spent("exit 0") for _ in range(2)) >= 0.25


def test_a_cancel_does_not_wait_for_the_moment(start):
    process = start("exec", "--", "/bin/sh", "-c", f"trap '' TERM; {NAP} & echo said; wait")
    assert process.stdout.readline() == b"said\n"
    process.send_signal(2)
    process.send_signal(2)
    assert support.finish(process).exit == 130
    assert not support.alive(NAP)


def test_over_the_protocol_too(serve):
    client = serve()
    code = (
        "import subprocess\n"
        "print('said')\n"
        f"subprocess.Popen({NAP.split()}, start_new_session=True)\n"
    )
    result = client.call(1, ALONE, script_content=code)["structuredContent"]
    assert (result["end"], result["stdout"]) == ("exited", "said\n")
    assert not support.alive(NAP)


# --- bytes and lines ------------------------------------------------------------------------------

WRITES = {
    "one line of 10 MB": ("b'x' * 10**7", 10**7),
    "ten million empty lines": ("b'\\n' * 10**7", 10**7),
    "zeroes": ("bytes(10**6)", 10**6),
    "every byte": ("bytes(range(256)) * 4000", 256 * 4000),
    "quotes and backslashes": ("b'\"\\\\' * 10**6", 2 * 10**6),
    "no text at all": ("b'\\xff' * 10**6", 10**6),
    "half characters": ("b'\\xf0\\x9f\\x98' * 10**6", 3 * 10**6),
    "characters of four bytes": ("'\\U0001f600'.encode() * 10**6", 4 * 10**6),
    "escape sequences": ("b'\\x1b[31m' * 10**6", 5 * 10**6),
}


@pytest.mark.parametrize("what", WRITES)
def test_any_bytes_fit_a_reply(serve, what):
    """Both streams full of what costs most to quote."""
    client = serve()
    expression, size = WRITES[what]
    code = (
        "import os\n"
        "def put(fd, data):\n"
        "    while data: data = data[os.write(fd, data[:65536]):]\n"
        f"data = {expression}\nput(1, data)\nput(2, data)"
    )
    result = client.call(1, ALONE, script_content=code)["structuredContent"]
    assert (result["end"], result["exit_code"]) == ("exited", 0)
    assert result["output"] == {
        "stdout_bytes": size,
        "stderr_bytes": size,
        "truncated": True,
    }
    (line,) = [line for line in client.lines if b'"id":1' in line]
    assert len(line) < REPLY_MAX
    for stream in ("stdout", "stderr"):
        assert "left out" in result[stream] or "[..." in result[stream]


def test_bytes_reach_the_command_line_as_they_are(start):
    given = bytes(range(256)) * 8000 + b"\xf0\x9f" + b"\r" * 5000 + b"\0" * 5000
    process = start(
        "run",
        "-c",
        "import sys\nwhile data := sys.stdin.buffer.read1(70_001): sys.stdout.buffer.write(data)",
    )
    out, err = process.communicate(given, timeout=120)
    assert (out, err, process.returncode) == (given, b"", 0)


def test_both_ends_of_a_long_output_are_in_the_result(serve):
    client = serve()
    code = "for n in range(200_000): print('line', n)"
    text = client.call(1, ALONE, script_content=code)["structuredContent"]["stdout"]
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 199998\nline 199999\n")


# --- floods ---------------------------------------------------------------------------------------


def test_a_flood_on_both_streams_costs_the_front_nothing(serve):
    client = serve()
    client.call(1, ALONE, script_content="print(1)")
    before = resident(client.pid, "VmHWM")
    code = (
        "import os, threading\n"
        "def flood(fd):\n"
        "    for _ in range(800): os.write(fd, b'\"\\n' * 32768)\n"
        "threads = [threading.Thread(target=flood, args=(fd,)) for fd in (1, 2)]\n"
        "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\n"
    )
    result = client.call(2, ALONE, script_content=code)["structuredContent"]
    output = result["output"]
    assert output["stdout_bytes"] + output["stderr_bytes"] == 1600 * 65536
    (line,) = [line for line in client.lines if b'"id":2' in line]
    assert len(line) < REPLY_MAX
    assert is_sanitized(client.pid) or resident(client.pid, "VmHWM") - before < 4 << 20


def test_others_are_answered_during_a_flood(serve):
    """Nobody waits for what another one prints."""
    client = serve()
    flood = "while True: print('x' * 1000)"

    def attempt(seconds):
        """Whether the others were answered before the flood's time was over."""
        client.start_call(seconds, ALONE, script_content=flood, timeout_seconds=seconds)
        for number in range(100, 120):
            assert client.request(f"{seconds}-{number}", "ping")["result"] == {}
        result = client.call(f"{seconds}-after", ALONE, script_content="print(2)")
        assert result["structuredContent"]["stdout"] == "2\n"
        before = seconds not in client.replies
        assert client.reply(seconds)["result"]["structuredContent"]["end"] == "wall"
        return before

    assert support.limited(attempt, bool)[1]


def test_many_jobs_that_print_many_lines(serve):
    client = serve("--root", "/tmp")
    client.call(1, ALONE, script_content="print(1)")
    before = resident(client.pid, "VmHWM")
    jobs, lines = 20, 5000
    for number in range(jobs):
        code = f"for n in range({lines}): print({number}, n)"
        client.start_call(100 + number, ALONE, script_content=code)
    for number in range(jobs):
        result = client.reply(100 + number, 120)["result"]["structuredContent"]
        assert result["end"] == "exited"
        assert result["output"]["stdout_bytes"] == sum(
            len(f"{number} {n}\n") for n in range(lines)
        )
        assert result["stdout"].endswith(f"\n{number} {lines - 1}\n")
    # 24 KiB of each is kept; the rest is the replies' on their way.
    assert is_sanitized(client.pid) or resident(client.pid, "VmHWM") - before < 16 << 20


# --- slow readers ---------------------------------------------------------------------------------


def test_a_slow_command_behind_a_pipe_gets_everything(cordon, state):
    """`cordon run ... | slow`: the script waits, its limits hold, and nothing is lost."""
    environment = support.clean_environment(CORDON_STATE=str(state))
    slow = (
        "import sys, time\ntotal = 0\n"
        "while data := sys.stdin.buffer.read1(65536):\n"
        "    total += len(data)\n    time.sleep(0.002)\n"
        "print(total)\n"
    )
    script = '"$0" run -c "$1" | /usr/bin/python3 -c "$2"; echo "${PIPESTATUS[0]}"'
    code = "import sys\nfor _ in range(160): sys.stdout.write('x' * 65536)"
    result = subprocess.run(
        ["/bin/bash", "-c", script, cordon, code, slow],
        env=environment,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert result.stdout.split() == [b"%d" % (160 * 65536), b"0"], result.stderr


class Deaf:
    """A client that sends and does not read."""

    def __init__(self, cordon, state, cwd):
        # Below the gate there is nobody but runs.
        configuration = Path(cwd, "without-pool.json")
        configuration.write_text('{"pool": {"size": 0}}')
        configuration.chmod(0o644)
        self.process = subprocess.Popen(
            [cordon, "serve", "--config", str(configuration)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=support.clean_environment(
                CORDON_STATE=str(state), ASAN_OPTIONS="detect_leaks=0"
            ),
            cwd=cwd,
        )
        self.pid = self.process.pid
        os.set_blocking(self.process.stdin.fileno(), False)

    def send(self, number, method, **params):
        """False if the server takes no more."""
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        line = json.dumps(message).encode() + b"\n"
        try:
            return os.write(self.process.stdin.fileno(), line) == len(line)
        except BlockingIOError:
            return False

    def call(self, number, code):
        return self.send(
            number, "tools/call", name=ALONE, arguments={"script_content": code}
        )

    def replies(self, count):
        """Now it reads."""
        found = {}
        for line in self.process.stdout:
            message = json.loads(line)
            if "id" in message:
                found[message["id"]] = message
            if len(found) == count:
                return found
        raise AssertionError(f"the server ended after {len(found)} of {count}")


@pytest.fixture
def deaf(cordon, state, tmp_path):
    client = Deaf(cordon, state, tmp_path)
    client.send(
        "hello",
        "initialize",
        protocolVersion="2025-11-25",
        capabilities={},
        clientInfo={"name": "deaf", "version": "1"},
    )
    client.replies(1)
    yield client
    client.process.kill()
    client.process.communicate()


def test_a_client_that_does_not_read_holds_no_script_up(deaf):
    """Its replies fill the pipe; what is under way goes on and ends all the same."""
    before = resident(deaf.pid, "VmHWM")
    for number in range(40):
        assert deaf.call(number, f"print('{number} ' * 50_000)")
    flood = "import sys\nfor _ in range(60): sys.stdout.write('x' * 10**6)\nprint('over')"
    assert deaf.call(100, flood)
    ended = support.eventually(lambda: not support.children(support.children(deaf.pid)[0]), 120, 0.1)
    assert ended is not None
    # 41 replies of at most 128 KB, and what they are made from.
    assert is_sanitized(deaf.pid) or resident(deaf.pid, "VmHWM") - before < 16 << 20
    replies = deaf.replies(41)
    for number in range(40):
        result = replies[number]["result"]["structuredContent"]
        assert result["stdout"].startswith(f"{number} {number} ")
        assert result["output"]["stdout_bytes"] == 50_000 * len(f"{number} ") + 1
    assert replies[100]["result"]["structuredContent"]["stdout"].endswith("over\n")


def test_a_client_that_only_writes_is_read_no_longer(deaf):
    """Its memory is not ours to fill: once enough is queued, what it sends waits in its pipe."""
    sent, last, end = 0, time.monotonic(), time.monotonic() + 600
    while time.monotonic() - last < 1:
        assert time.monotonic() < end, f"all of {sent} questions were taken"
        if deaf.send(sent, "tools/list"):
            sent, last = sent + 1, time.monotonic()
        else:
            time.sleep(0.001)
    assert is_sanitized(deaf.pid) or resident(deaf.pid, "VmHWM") < 16 << 20
    assert set(deaf.replies(sent)) == set(range(sent))
