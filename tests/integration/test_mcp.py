# SPDX-License-Identifier: Apache-2.0
"""`cordon serve` over stdio, as clients see it: a real one, and one that sends its own bytes."""

import asyncio
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
import support

ALONE = "py_run_script_with_dependencies"
IN_DIR = "py_run_script_in_dir"


def outcome(result):
    """The result object, which is in the reply twice, and the same both times."""
    (block,) = result["content"]
    assert block["type"] == "text"
    assert json.loads(block["text"]) == result["structuredContent"]
    return result["structuredContent"]


def refused(result):
    """The one clear line of a call that was not let through."""
    assert result["isError"] is True
    object = outcome(result)
    assert object["status"] == "failed"
    assert object["end"] in ("refused", "fault"), object
    assert "\n" not in object["error"]
    return object["error"]


# --- a real client ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_real_client_finds_and_calls_both_tools(real_client, tmp_path, mode):
    (tmp_path / "a.py").write_text("import sys; print('in', sys.argv[1])")

    async def work(client):
        tools = (await client.list_tools()).tools
        in_dir = await client.call_tool(
            IN_DIR, {"directory": str(tmp_path), "script_path": "a.py", "args": ["x y"]}
        )
        alone = await client.call_tool(ALONE, {"script_content": "print('alone')"})
        wrong = await client.call_tool(ALONE, {"script_content": "1", "timeout_seconds": -1})
        return tools, in_dir, alone, wrong

    tools, in_dir, alone, wrong = real_client(work, mode)
    assert [tool.name for tool in tools[:2]] == [IN_DIR, ALONE]
    assert all(tool.output_schema["required"] == ["status"] for tool in tools[:2])
    assert not in_dir.is_error
    assert in_dir.structured_content["stdout"] == "in x y\n"
    assert alone.structured_content["exit_code"] == 0
    assert wrong.is_error
    assert "timeout_seconds" in wrong.content[0].text


def test_a_real_client_gives_up_and_the_server_goes_on(real_client, tmp_path):
    async def work(client):
        task = asyncio.create_task(
            client.call_tool(ALONE, {"script_content": "import time; time.sleep(60)"})
        )
        await client.list_tools()  # the call is on its way when this is answered
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await client.call_tool(ALONE, {"script_content": "print(2)"})

    after = real_client(work)
    assert after.structured_content["stdout"] == "2\n"


# --- versions and lines -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, given",
    [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
    ],
)
def test_the_version_is_agreed_on(serve, asked, given):
    client = serve(initialize=False)
    assert client.request("d", "server/discover")["error"]["code"] == -32602
    assert client.initialize(asked)["result"]["protocolVersion"] == given


LINES = {
    "nonsense": (b"hello", -32700, None),
    "blank": (b"", -32700, None),
    "cut": (b'{"jsonrpc":"2.0","id":5,"method":"ping"', -32700, None),
    "not UTF-8": (b'{"jsonrpc":"2.0","id":5,"method":"p\xff"}', -32700, None),
    "NUL": (b'{"jsonrpc":"2.0","id":5,\x00"method":"ping"}', -32700, None),
    "NaN": (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":NaN}}', -32700, None),
    "batch": (b'[{"jsonrpc":"2.0","id":5,"method":"ping"}]', -32600, None),
    "a number": (b"5", -32600, None),
    "no version": (b'{"id":5,"method":"ping"}', -32600, 5),
    "no method": (b'{"jsonrpc":"2.0","id":5}', -32600, 5),
    "null id": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    "real id": (b'{"jsonrpc":"2.0","id":5.0,"method":"ping"}', -32600, None),
    "two ids": (b'{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}', -32600, None),
    "big id": (
        b'{"jsonrpc":"2.0","id":99999999999999999999999,"method":"ping"}',
        -32600,
        99999999999999999999999,
    ),
    "deep": (
        b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":' + b"[" * 500 + b"]" * 500 + b"}}",
        -32600,
        5,
    ),
    "a response": (b'{"jsonrpc":"2.0","id":5,"result":{}}', -32600, None),
    "list of params": (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}', -32602, 5),
    "unknown method": (b'{"jsonrpc":"2.0","id":5,"method":"no/such"}', -32601, 5),
    "unknown tool": (
        b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"rm"}}',
        -32602,
        5,
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_is_answered_and_the_server_lives_on(client, name):
    line, code, number = LINES[name]
    before = len(client.lines)
    client.send_bytes(line + b"\n")
    assert client.request("after", "ping")["result"] == {}
    answer, _ = map(json.loads, client.lines[before:])
    assert answer["error"]["code"] == code
    assert answer.get("id") == number
    assert ("id" in answer) == (number is not None)


def memory(pid, field="VmRSS"):
    return int(support.status(pid)[field].split()[0]) * 1024


def sanitized(pid):
    """A build with sanitizers reserves terabytes, and keeps what was freed for a while."""
    return memory(pid, "VmSize") > 2**40


def test_a_line_of_64_megabytes_is_skipped(client):
    client.send_bytes(b'{"jsonrpc":"2.0","id":"huge","method":"tools/call","params":{"x":"')
    for _ in range(64):
        client.send_bytes(b"x" * 2**20)
    client.send_bytes(b'"}}\n')
    assert client.reply("huge")["error"]["code"] == -32600
    # The line before it ended was kept up to its limit and no further.
    assert sanitized(client.pid) or memory(client.pid, "VmHWM") < 16 * 2**20 * 3
    assert outcome(client.call(1, ALONE, script_content="print(1)"))["stdout"] == "1\n"


def test_an_id_comes_back_as_it_came(client):
    for raw in (b'"a\\u00e9/\\""', b"-9007199254740993", b'"' + b"x" * 1000 + b'"'):
        before = len(client.lines)
        client.send_bytes(b'{"jsonrpc":"2.0","id":' + raw + b',"method":"ping"}\n')
        support.soon(lambda seen=before: len(client.lines) > seen)
        assert b'"id":' + raw + b"," in client.lines[before]


# --- calls --------------------------------------------------------------------------------------


def test_answers_come_as_runs_end(client, tmp_path):
    go = tmp_path / "go"
    client.start_call(
        1,
        IN_DIR,
        directory=str(tmp_path),
        script_content="import os, time\nwhile not os.path.exists('go'): time.sleep(.01)\nprint(1)",
    )
    assert outcome(client.call(2, ALONE, script_content="print(2)"))["stdout"] == "2\n"
    assert 1 not in client.replies
    assert client.request(3, "ping")["result"] == {}
    go.touch()
    assert outcome(client.reply(1)["result"])["stdout"] == "1\n"


def test_many_calls_at_once_are_all_answered(client):
    for number in range(100):
        client.start_call(number + 1, ALONE, script_content=f"print({number})")
    for number in range(100):
        assert outcome(client.reply(number + 1, 120)["result"])["stdout"] == f"{number}\n"


def test_an_id_that_is_in_use_is_not_answered_twice(client, tmp_path):
    wait = "import os, time\nwhile not os.path.exists('go'): time.sleep(.01)"
    client.start_call(1, IN_DIR, directory=str(tmp_path), script_content=wait)
    client.start_call(1, IN_DIR, directory=str(tmp_path), script_content=wait)
    client.request(2, "ping")
    (tmp_path / "go").touch()
    client.reply(1)
    client.request(3, "ping")
    errors = [line for line in map(json.loads, client.lines) if "error" in line]
    assert [error["error"]["code"] for error in errors] == [-32600]
    assert "id" not in errors[0]


def test_a_script_that_fails_is_no_error_of_the_tool(client):
    result = client.call(1, ALONE, script_content="import sys; print('x'); sys.exit(7)")
    assert result["isError"] is False
    object = outcome(result)
    assert (object["status"], object["end"], object["exit_code"]) == ("completed", "exited", 7)
    killed = outcome(client.call(2, ALONE, script_content="import os; os.kill(os.getpid(), 11)"))
    assert (killed["end"], killed["signal"], killed["exit_code"]) == ("signalled", "SIGSEGV", 139)


def test_output_before_a_limit_is_kept(client):
    code = "import time; print('early'); time.sleep(600)"

    def attempt(seconds):
        result = client.call(seconds, ALONE, script_content=code, timeout_seconds=seconds)
        return outcome(result)

    seconds, object = support.limited(attempt, lambda object: object["stdout"])
    assert (object["end"], object["exit_code"], object["stdout"]) == ("wall", 124, "early\n")
    assert object["stderr"].endswith(f"[TIMEOUT] wall limit of {seconds} s reached\n")
    assert seconds <= object["usage"]["wall_seconds"]


def test_bytes_that_are_not_utf8_do_not_lose_the_rest(client):
    code = "import sys; sys.stdout.buffer.write(b'a\\xff\\xc3b\\0c\\n')"
    assert outcome(client.call(1, ALONE, script_content=code))["stdout"] == "a\ufffd\ufffdb\0c\n"


def test_a_flood_of_output_costs_the_front_nothing(client):
    client.call(1, ALONE, script_content="print(1)")
    before = memory(client.pid, "VmHWM")
    size = len(client.lines)
    code = "import sys\nfor i in range(100): sys.stdout.write('x' * 10**6)"
    object = outcome(client.call(2, ALONE, script_content=code))
    assert object["output"]["stdout_bytes"] == 10**8
    assert object["output"]["truncated"] is True
    assert len(client.lines[size]) < 128 * 1024
    assert sanitized(client.pid) or memory(client.pid, "VmHWM") - before < 4 * 2**20


def test_a_script_can_reach_neither_client_nor_server(client):
    code = """
import os, sys
print(repr(sys.stdin.read()), sorted(os.listdir('/proc/self/fd'))[:3])
print([p for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())])
print('CORDON_STATE' in os.environ)
"""
    lines = outcome(client.call(1, ALONE, script_content=code))["stdout"].splitlines()
    assert lines == ["'' ['0', '1', '2']", "[]", "False"]


def test_a_file_of_variables_loses_to_variables(client, tmp_path):
    (tmp_path / "x.env").write_text("A=file\nB='file too'\n")
    object = outcome(
        client.call(
            1,
            IN_DIR,
            directory=str(tmp_path),
            env_file="x.env",
            env_vars={"A": "call", "C": "a=b\nc"},
            script_content="import os; print([os.environ[n] for n in 'ABC'])",
        )
    )
    assert object["stdout"] == "['call', 'file too', 'a=b\\nc']\n"


def test_without_a_directory_paths_are_taken_from_the_first_root(client, tmp_path):
    (tmp_path / "one.py").write_text("import os; print(__file__, os.listdir('.'), os.getcwd())")
    (tmp_path / "other.py").write_text("")
    object = outcome(client.call(1, ALONE, script_path="one.py"))
    assert object["stdout"] == f"{tmp_path}/one.py [] /box/home\n"


# --- limits -------------------------------------------------------------------------------------


@pytest.fixture
def policies(tmp_path_factory):
    """policies(SECONDS): a directory whose `default` policy has that wall limit."""

    def make(seconds):
        directory = tmp_path_factory.mktemp("policies")
        policy = json.loads((support.SOURCE / "policies/default.json").read_text())
        policy["limits"]["wall"] = f"{seconds}s"
        (directory / "default.json").write_text(json.dumps(policy))
        (directory / "default.json").chmod(0o644)
        return directory

    return make


@pytest.mark.parametrize(
    "policy, asked, given",
    [
        (60, {}, 60),
        (60, {"timeout_seconds": 300}, 60),
        (600, {}, 300),
        (600, {"timeout_seconds": 300}, 300),
        (600, {"timeout_seconds": 0}, 600),
        (600, {"timeout_seconds": 500}, 500),
    ],
)
def test_a_default_is_lowered_to_the_policys_limit(serve, policies, policy, asked, given):
    client = serve("--policies", policies(policy))
    object = outcome(client.call(1, ALONE, script_content="1", **asked))
    assert object["limits"]["wall_seconds"] == given


def test_an_explicit_request_above_the_policys_limit_is_refused(serve, policies):
    client = serve("--policies", policies(60))
    error = refused(client.call(1, ALONE, script_content="1", timeout_seconds=61))
    assert "61" in error and "1m" in error
    error = refused(client.call(2, ALONE, script_content="1", memory_mb=2048))
    assert "2G" in error and "1G" in error
    object = outcome(client.call(3, ALONE, script_content="1", memory_mb=64, cpu_seconds=0.5))
    assert object["limits"]["memory_mb"] == 64
    assert object["limits"]["cpu_seconds"] == 0.5


# --- bad input: one clear line, nothing left behind, the server serves on -----------------------

BAD = {
    "no script": ({}, "exactly one of script_content and script_path"),
    "two scripts": ({"script_content": "1", "script_path": "a.py"}, "script_path"),
    "unknown parameter": ({"script_content": "1", "seconds": 3}, "unknown parameter seconds"),
    "wrong type": ({"script_content": 7}, "script_content must be a string or null"),
    "negative": ({"script_content": "1", "timeout_seconds": -5}, "timeout_seconds must be from 0"),
    "NUL in the code": ({"script_content": "a\0b"}, "script_content holds a NUL"),
    "NUL in an argument": ({"script_content": "1", "args": ["a\0b"]}, "args holds a NUL"),
    "NUL in a variable": ({"script_content": "1", "env_vars": {"A": "\0"}}, "env_vars holds a NUL"),
    "no name": ({"script_content": "1", "env_vars": {"": "x"}}, "env_vars"),
    "5 MB of code": ({"script_content": "#" * 5 * 10**6}, "at most 4194304"),
    "long arguments": ({"script_content": "1", "args": ["x" * 60000] * 2}, "arguments take"),
    "async": ({"script_content": "1", "async_mode": "yes"}, "async_mode must be true or false"),
    "stdin": ({"script_content": "1", "stdin": "\0"}, "stdin holds a NUL"),
    "unknown policy": ({"script_content": "1", "policy": "mine"}, "policy"),
    "policy of a path": ({"script_content": "1", "policy": "../default"}, "policy"),
    "cordon's own policy": ({"script_content": "1", "policy": "fetch"}, "fetch"),
    "no such python": ({"script_content": "1", "python_version": "3.99"}, "found: "),
    "no such script": ({"script_path": "missing.py"}, "script_path"),
    "no such env_file": ({"script_content": "1", "env_file": "missing.env"}, "env_file"),
    "broken env_file": ({"script_content": "1", "env_file": "broken.env"}, "line 2"),
    "script outside": ({"script_path": "/etc/passwd"}, "script_path"),
    "script above": ({"script_path": "../../../../etc/passwd"}, "script_path"),
    "a pipe as script": ({"script_path": "pipe"}, "script_path"),
    "option as requirement": ({"script_content": "1", "dependencies": ["--pre"]}, "dependencies"),
    "a cordon variable": ({"script_content": "1", "env_vars": {"CORDON_X": "1"}}, "CORDON_X"),
    "a header with an index": (
        {
            "script_content": "# /// script\n# dependencies = []\n# [[tool.uv.index]]\n"
            '# url = "http://localhost:1"\n# ///\n'
        },
        "tool.uv",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_line(client, tmp_path, name):
    arguments, words = BAD[name]
    (tmp_path / "broken.env").write_text("A=1\nthis is = no line\n")
    os.mkfifo(tmp_path / "pipe")
    error = refused(client.call(1, ALONE, **arguments))
    assert words in error
    assert outcome(client.call(2, ALONE, script_content="print(2)"))["stdout"] == "2\n"
    assert sorted(os.listdir(tmp_path)) == ["broken.env", "pipe"]


@pytest.mark.parametrize("policy", ["default", "strict"])
def test_a_policy_that_clients_may_name_can_be_named(client, policy):
    assert outcome(client.call(1, ALONE, script_content="1", policy=policy))["policy"] == policy


def test_only_directories_beneath_a_root_can_be_named(serve, tmp_path, at_home):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "file").touch()
    (root / "out").symlink_to(at_home)
    (at_home / "secret.py").write_text("print('secret')")
    (root / "link.py").symlink_to(at_home / "secret.py")
    client = serve("--root", root)
    good = client.call(1, IN_DIR, directory=str(root / "sub"), script_content="print(1)")
    assert outcome(good)["stdout"] == "1\n"
    where = "import os; print(os.getcwd())"
    relative = client.call(2, IN_DIR, directory="sub", script_content=where)
    assert outcome(relative)["stdout"] == f"{root}/sub\n"
    mistakes = [at_home, root / "out", root / "file", root / "none", tmp_path]
    for number, directory in enumerate([*mistakes, "/etc", "/proc", "/", ".."]):
        result = client.call(100 + number, IN_DIR, directory=str(directory), script_content="1")
        assert refused(result).startswith("directory: ")
    outside = ["link.py", "out/secret.py", "../x.py", str(at_home / "secret.py")]
    for number, script in enumerate(outside):
        result = client.call(200 + number, IN_DIR, directory=str(root), script_path=script)
        assert refused(result).startswith("script_path: ")


@pytest.mark.parametrize("member", ["directory", "script_path", "env_file"])
def test_no_path_is_what_it_is_to_a_process_of_ours(client, tmp_path, member):
    (tmp_path / "mine").symlink_to("/proc/self/cwd")
    (tmp_path / "program").symlink_to("/proc/self/exe")
    names = ["/proc/self/cwd", "/proc/self/fd/4", "/proc/self/exe", "//proc/self/root/etc/passwd"]
    names += ["/dev/fd/0", "/dev/stdin", "/sys/kernel", str(tmp_path / "mine"), str(tmp_path / "program")]
    for number, name in enumerate(names):
        words = {"directory": str(tmp_path)}
        if member != "script_path":
            words["script_content"] = "1"
        error = refused(client.call(100 + number, IN_DIR, **{**words, member: name}))
        assert error.startswith(f"{member}: ")
        # Whatever it leads to is not told: only what the client has said itself, and the roots.
        said = set(re.findall(r"/[\w/.-]+", error))
        assert all(path in name or str(tmp_path).startswith(path) for path in said), error


# --- the process itself -------------------------------------------------------------------------


def test_the_front_is_caged_before_its_first_byte(serve):
    client = serve(env={"CANARY": "in the coal mine"}, initialize=False)
    # It answers, so the cage is on: a build with sanitizers says that it has none.
    client.request(1, "ping")
    status = support.status(client.pid)
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    if support.ROOT:
        assert set(status["Uid"].split()) == {"1999999999"}
        assert status["Groups"].split() == []
        assert b"CANARY" not in Path("/proc", str(client.pid), "environ").read_bytes()
        (gate,) = support.children(client.pid)
        gates = [os.readlink(f"/proc/{client.pid}/fd/{n}") for n in (0, 1, 2)]
        assert gates[0] == "/dev/null" and gates[1] == gates[2]
        assert gate != client.pid
    if b"cage-off" not in client.log:
        assert status["Seccomp"] == "2"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order(serve, number):
    client = serve()
    (gate,) = support.children(client.pid)
    client.start_call(1, ALONE, script_content="import time; time.sleep(60)")
    support.soon(lambda: len(support.descendants(gate)) >= 2)
    everybody = support.descendants(client.pid)
    client.process.send_signal(number)
    assert client.process.wait(60) == 0

    def left():  # a zombie has no command line, and waits for nobody but its parent
        return {pid: line for pid, line in support.processes().items() if line and pid in everybody}

    support.soon(lambda: not left())
    assert 1 not in client.replies


def test_without_its_gate_it_answers_what_is_open_and_ends(serve):
    client = serve()
    (gate,) = support.children(client.pid)
    client.start_call(1, ALONE, script_content="import time; time.sleep(60)")
    support.soon(lambda: len(support.descendants(gate)) >= 2)
    os.kill(gate, signal.SIGKILL)
    assert outcome(client.reply(1)["result"])["end"] == "fault"
    assert client.process.wait(60) == 125


def test_a_client_that_does_not_read_costs_little(cordon, state):
    process = subprocess.Popen(
        [str(cordon), "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=support.clean_environment(CORDON_STATE=str(state)),
        cwd="/",
    )
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    os.set_blocking(process.stdin.fileno(), False)
    sent = 0
    last = time.monotonic()
    while time.monotonic() - last < 1:  # until it has taken nothing for a second
        try:
            sent += os.write(process.stdin.fileno(), (ping * 1000)[sent % len(ping) :])
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
        assert sent < 64 * 2**20
    assert sanitized(process.pid) or memory(process.pid) < 48 * 2**20
    # It reads now, and every line that was sent is answered, the one that was cut too.
    lines, cut = divmod(sent, len(ping))
    os.set_blocking(process.stdin.fileno(), True)
    rest = threading.Thread(
        target=os.write, args=(process.stdin.fileno(), ping[cut:] if cut else b"")
    )
    rest.start()
    for _ in range(lines + bool(cut)):
        assert process.stdout.readline() == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
    rest.join()
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()


def test_what_was_asked_before_the_end_is_answered(start):
    process = start("serve", cwd="/tmp")
    lines = (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize",'
        b'"params":{"protocolVersion":"2025-11-25"}}\n'
        b'{"jsonrpc":"2.0","id":2,"method":"ping"}'
    )
    result = support.finish(process, lines)
    assert result.exit == 0
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == [1, 2]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--http", "0.0.0.0:0"], "configure http.tokens or http.oauth"),
        (["--http", "[::]:0"], "configure http.tokens or http.oauth"),
        (["--http", "-"], "the configuration has no http.address"),
        (["--http", "8000"], "8000 is no ADDRESS:PORT"),
        (["--http", "127.0.0.1:65536"], "127.0.0.1:65536 is no ADDRESS:PORT"),
        (["--http", "example.org:80"], "example.org:80 is no ADDRESS:PORT"),
        (["--http", "192.0.2.1:0"], "configure http.tokens or http.oauth"),
        (["--unix", "/no/such/directory/s"], "/no/such/directory/s: take the address"),
        (["--unix", "/" + "x" * 108], "a Unix socket has at most 107 characters"),
        (["--unix", "/tmp/x", "--http", "127.0.0.1:0"], "exclude each other"),
        (["--root", "/no/such/root"], "/no/such/root"),
        (["--nonsense"], "unknown option"),
        (["word"], "takes no words"),
    ],
)
def test_what_it_cannot_do_it_says(start, arguments, words):
    result = support.finish(start("serve", *arguments), b"")
    assert words in result.err
    assert "gate-died" not in result.err
    assert result.out == ""
    assert result.exit == 125


# --- among the boxes ----------------------------------------------------------------------------


def test_the_front_has_a_share_of_the_processor_that_is_not_its_boxes(serve):
    client = serve()
    (gate,) = support.children(client.pid)
    support.soon(lambda: os.getsid(gate) == gate)
    if not support.ROOT:
        return
    assert os.getsid(client.pid) == client.pid
    command = ["setsid", "sh", "-c", "echo -19 > /proc/self/autogroup"]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0:  # a container may forbid it
        assert Path(f"/proc/{client.pid}/autogroup").read_text().endswith(" nice -19\n")
        assert Path(f"/proc/{gate}/autogroup").read_text().endswith(" nice 0\n")


def test_a_directory_that_was_good_a_moment_ago_is_judged_again(serve, tmp_path):
    """By whoever runs the script; that the server asks less often changes nothing."""
    client = serve()
    place, moved, link = tmp_path / "place", tmp_path / "moved", tmp_path / "link"
    place.mkdir()
    (place / "name").write_text("first")
    arguments = {"script_content": "print(open('name').read())"}

    def run(number, directory):
        return client.call(number, IN_DIR, directory=str(directory), **arguments)

    for number in (10, 11):
        assert run(number, place)["structuredContent"]["stdout"] == "first\n"
    link.symlink_to(place)
    assert run(12, link)["structuredContent"]["stdout"] == "first\n"
    place.rename(moved)
    result = run(13, place)
    assert result["isError"] is True
    assert str(place) in result["content"][0]["text"]
    place.symlink_to("/etc")
    result = run(14, place)
    assert result["isError"] is True
    assert "root" in result["content"][0]["text"]
    place.unlink()
    place.mkdir()
    (place / "name").write_text("second")
    assert run(15, place)["structuredContent"]["stdout"] == "second\n"
    assert run(16, link)["structuredContent"]["stdout"] == "second\n"
    link.unlink()
    link.symlink_to(moved)
    assert run(17, link)["structuredContent"]["stdout"] == "first\n"
