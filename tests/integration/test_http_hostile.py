# SPDX-License-Identifier: Apache-2.0
"""Clients that want to break the server, with every byte their own. Whatever one sends, it is
refused as HTTP and MCP say, and the others are served."""

import json
import os
import socket
import struct
import time
from pathlib import Path

import pytest
import raw_http
from raw_http import FOREVER, META, RUN, headers_of, legacy, megabytes, modern, post
from support import IN_COMMAND_LINE, alive, descendants, eventually, processes, soon

FULL = bool(os.environ.get("FULL"))
LIST = modern(1, "tools/list")


@pytest.fixture(scope="module")
def server(cordon, state, tmp_path_factory):
    """One for all: after each test it still serves."""
    raw_http.many_descriptors()
    with raw_http.Server(cordon, state, tmp_path_factory.mktemp("cwd")) as server:
        yield server


@pytest.fixture
def own(cordon, state, tmp_path):
    """One of the test's own: nobody has used its memory before."""
    raw_http.many_descriptors()
    with raw_http.Server(cordon, state, tmp_path) as own:
        yield own
        assert own.process.poll() is None


@pytest.fixture(autouse=True)
def serves_on(server):
    yield
    assert server.process.poll() is None
    assert len(server.tools()) >= 10


# --- what is no request ----------------------------------------------------------------------------

HOST = b"Host: localhost\r\n"
NO_REQUESTS = {
    "HTTP/0.9": (b"GET /mcp\r\n\r\n", 400),
    "no version": (b"POST /mcp \r\n" + HOST + b"\r\n", 400),
    "version 0.9": (b"GET /mcp HTTP/0.9\r\n" + HOST + b"\r\n", 505),
    "version 1.2": (b"GET /mcp HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "version 2.0": (b"GET /mcp HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "version 3.0": (b"GET /mcp HTTP/3.0\r\n" + HOST + b"\r\n", 505),
    "the beginning of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "version 1.10": (b"GET /mcp HTTP/1.10\r\n" + HOST + b"\r\n", 400),
    "lower-case version": (b"GET /mcp http/1.1\r\n" + HOST + b"\r\n", 400),
    "the beginning of TLS": (bytes.fromhex("16030100c8010000c40303") + b"\0" * 200, 400),
    "a line of MCP's stdio": (b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', 400),
    "no host": (b"GET /mcp HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /mcp HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "another authority": (b"GET http://evil.example/mcp HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a blank before the colon": (b"GET /mcp HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
    "a folded line": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "ends of lines without CR": (b"GET /mcp HTTP/1.1\nHost: localhost\n\n", 400),
    "a CR within a value": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", 400),
    "a byte of zero": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400),
    "a byte of zero in the target": (b"GET /mcp\0 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "two blanks": (b"GET  /mcp HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no name": (b"GET /mcp HTTP/1.1\r\n" + HOST + b": x\r\n\r\n", 400),
    "an unknown method": (b"BREW /mcp HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "CONNECT": (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "an unknown expectation": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"Expect: gold\r\n\r\n", 417),
    "a line of 64 KiB": (b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
    "a header of 64 KiB": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 65536 + b"\r\n\r\n", 431),
    "a thousand headers": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 1000 + b"\r\n", 431),
    "headers without an end": (b"GET /mcp HTTP/1.1\r\n" + HOST + b"X-Bomb: a\r\n" * 100_000, 431),
}


def framed(*lines):
    head = b"".join(line + b"\r\n" for line in (b"POST /mcp HTTP/1.1", b"Host: localhost", *lines))
    return head + b"\r\n{}\r\n0\r\n\r\n"


# How long a body is must be said once, and in one way: else two readers disagree about where the
# next request begins.
NO_REQUESTS |= {
    "length and chunks": (framed(b"Content-Length: 2", b"Transfer-Encoding: chunked"), 400),
    "chunks and length": (framed(b"Transfer-Encoding: chunked", b"Content-Length: 2"), 400),
    "two lengths": (framed(b"Content-Length: 2", b"Content-Length: 3"), 400),
    "the same length twice": (framed(b"Content-Length: 2", b"Content-Length: 2"), 400),
    "a list of lengths": (framed(b"Content-Length: 2, 2"), 400),
    "a signed length": (framed(b"Content-Length: +2"), 400),
    "a negative length": (framed(b"Content-Length: -1"), 400),
    "a hexadecimal length": (framed(b"Content-Length: 0x2"), 400),
    "a length with a blank": (framed(b"Content-Length: 2 2"), 400),
    "an empty length": (framed(b"Content-Length:"), 400),
    "a length beyond 64 bits": (framed(b"Content-Length: 18446744073709551618"), 413),
    "a body of 1 GB": (framed(b"Content-Length: 1073741824"), 413),
    "chunks and more": (framed(b"Transfer-Encoding: chunked, gzip"), 501),
    "nearly chunks": (framed(b"Transfer-Encoding: xchunked"), 501),
    "chunks, quoted": (framed(b'Transfer-Encoding: "chunked"'), 501),
    "chunks twice": (framed(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 400),
    "chunks by a folded line": (framed(b"Transfer-Encoding:", b" chunked"), (400, 501)),
    "chunks in HTTP/1.0": (
        b"POST /mcp HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        400,
    ),
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_refused_and_ends_its_connection(server, name):
    data, wanted = NO_REQUESTS[name]
    with server.connect() as connection:
        connection.send(data)
        status, _ = connection.head()
        # A server that closes while its client still writes may take the words along.
        still_writing = len(data) > 500_000
        assert status in (wanted if isinstance(wanted, tuple) else (wanted,)) or still_writing
        connection.ended()


# --- bodies ----------------------------------------------------------------------------------------


def chunked(pieces, message=LIST):
    body = json.dumps(message).encode()
    head = post(message).partition(b"\r\n\r\n")[0].replace(
        f"Content-Length: {len(body)}".encode(), b"Transfer-Encoding: chunked"
    )
    return head + b"\r\n\r\n" + pieces(body)


def test_a_body_in_chunks_is_taken_however_small_they_are(server):
    def ones(body):
        return b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body))) + b"0\r\n\r\n"

    assert server.ask(chunked(ones)).status == 200


CHUNKS = {
    "no number": lambda body: b"zz\r\n" + body + b"\r\n0\r\n\r\n",
    "nothing": lambda body: b"\r\n" + body + b"\r\n0\r\n\r\n",
    "a negative number": lambda body: b"-%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
    "more than 64 bits": lambda body: b"fffffffffffffffff\r\n" + body + b"\r\n0\r\n\r\n",
    "all of 64 bits": lambda body: b"ffffffffffffffff\r\n" + body + b"\r\n0\r\n\r\n",
    "all of 63 bits": lambda body: b"7fffffffffffffff\r\n" + body + b"\r\n0\r\n\r\n",
    "no end of a chunk": lambda body: b"%x\r\n" % len(body) + body + b"0\r\n\r\n",
    "a sign": lambda body: b"+%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
    "a prefix": lambda body: b"0x%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
    "a blank before": lambda body: b" %x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
    "words behind": lambda body: b"%x words\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
    "no CR": lambda body: b"%x\n" % len(body) + body + b"\n0\n\n",
    "a line without an end": lambda body: b"1" * 100_000,
    "a bomb of trailers": lambda body: b"%x\r\n" % len(body) + body + b"\r\n0\r\n" + b"X: a\r\n" * 20_000,
}


@pytest.mark.parametrize("name", CHUNKS)
def test_chunks_that_are_none_are_refused(server, name):
    with server.connect() as connection:
        connection.send(chunked(CHUNKS[name]))
        connection.socket.shutdown(socket.SHUT_WR)
        status, _ = connection.head()
        assert status in (0, 400, 413, 431)
        connection.ended()


def test_what_trailers_say_is_not_believed(server):
    def with_trailer(body):
        said = f"\r\n0\r\nMcp-Method: tools/list\r\nOrigin: http://evil.example\r\n\r\n".encode()
        return b"%x\r\n" % len(body) + body + said

    reply = server.ask(chunked(with_trailer).replace(b"Mcp-Method: tools/list\r\n", b"", 1))
    assert (reply.status, reply.json()["error"]["code"]) == (400, -32020)


def test_no_body_is_taken_beyond_its_limit_and_memory_is_bounded(own):
    """In chunks nobody knows before how long it gets; together they may not fill the machine."""
    size = (1024 if FULL else 48) * 1024 * 1024
    piece = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    before = own.memory("VmHWM")
    connections = [own.connect() for _ in range(8)]
    for connection in connections:
        connection.send(chunked(lambda body: b""))
    taking = connections
    for _ in range(size // len(piece)):
        taking = [one for one in taking if one.send(piece)]
    for connection in connections:
        status, _ = connection.head()
        assert status in (0, 413, 503)  # 0: closed while we wrote
        connection.ended()
    assert own.memory("VmHWM") - before < megabytes(200)
    assert len(own.tools()) >= 10


def test_bodies_that_do_not_come_hold_little(own):
    before = own.memory()
    begun = post(b"x" * (15 << 20), {})[:2000]
    waiting = [own.connect() for _ in range(100)]
    for connection in waiting:
        connection.send(begun)
    assert len(own.tools()) >= 10
    assert own.memory() - before < megabytes(20)
    for connection in waiting:
        connection.close()


def test_deep_and_broken_json_is_refused(server):
    texts = [
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}',
        b"\xff\xfe{}",
        b"",
        b"null",
        b"[]",
    ]
    for text in texts:
        reply = server.ask(post(text, headers_of(LIST)))
        assert reply.status == 400, (text[:60], reply)
        assert reply.json()["error"]["code"] in (-32700, -32600), text[:60]


# --- more than one request on a connection ---------------------------------------------------------


def test_requests_one_after_the_other_share_a_connection(server):
    with server.connect() as connection:
        for number in range(50):
            connection.send(post(modern(number, "tools/list")))
            reply = connection.reply()
            assert (reply.status, reply.json()["id"]) == (200, number)


def test_what_comes_behind_a_request_is_never_served(server):
    """Neither as its body nor as a request: where two readers disagree about the end of a body, the
    rest of it is not what somebody else's connection begins with."""
    with server.connect() as connection:
        connection.send(post(LIST) + b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        reply = connection.reply()
        assert (reply.status, reply.headers.get("connection")) == (200, "close")
        assert connection.ended() == b""


def test_a_body_that_says_less_than_it_has_is_no_second_request(server):
    hidden = post(modern(2, "tools/list"))
    body = json.dumps(LIST).encode()
    with server.connect() as connection:
        connection.send(post(LIST).replace(b"\r\n\r\n" + body, b"\r\n\r\n" + body + hidden))
        assert connection.reply().json()["id"] == 1
        assert connection.ended() == b""


# --- who asks --------------------------------------------------------------------------------------


def test_another_hosts_page_is_not_let_in(server):
    """DNS rebinding: a browser that was led here says who it thinks we are, or whose page asks."""
    for name, value in {
        "Host": "evil.example",
        "Origin": "http://evil.example",
        "origin": "null",
        "ORIGIN": "http://localhost.evil.example",
    }.items():
        data = post(LIST, {**headers_of(LIST), name: value})
        if name == "Host":
            data = data.replace(HOST, b"")
        assert server.ask(data).status == 403, (name, value)


FORGED = ["", "0", "x" * 10_000, "../../etc/passwd", "%s%n", "0" * 32, "' OR 1=1 --"]


def test_a_session_is_found_by_its_own_id_alone(server):
    fields = server.begin()
    own = fields["Mcp-Session-Id"]
    near = [own[:-1], own + "0", own.upper(), own[:-1] + ("1" if own[-1] == "0" else "0")]
    ping = legacy(1, "ping")
    assert server.ask(post(ping, fields)).status == 200
    for forged in FORGED + [one for one in near if one != own]:
        status = server.ask(post(ping, {**fields, "Mcp-Session-Id": forged})).status
        assert status in (400, 404), forged[:80]
    twice = post(ping, fields).replace(b"Accept:", f"Mcp-Session-Id: {own}\r\nAccept:".encode(), 1)
    assert server.ask(twice).status == 400
    assert server.ask(post(ping, fields)).status == 200


def test_sessions_end_and_stay_ended(server):
    fields = server.begin()
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    assert server.ask(b"DELETE /mcp HTTP/1.1\r\n" + HOST + lines + b"\r\n").status in (200, 204)
    assert server.ask(post(legacy(1, "ping"), fields)).status == 404


def test_headers_and_body_must_agree(server):
    call = modern(1, "tools/call", name="py_list_jobs", arguments={})
    good = headers_of(call)
    for name, value in {
        "Mcp-Method": "tools/list",
        "Mcp-Name": "py_list_scripts",
        "MCP-Protocol-Version": "2099-01-01",
    }.items():
        reply = server.ask(post(call, {**good, name: value}))
        assert reply.status == 400, (name, reply)
        assert reply.json()["error"]["code"] in (-32020, -32022), (name, reply)
    for name in "Mcp-Method", "Mcp-Name":
        missing = {key: value for key, value in good.items() if key != name}
        assert server.ask(post(call, missing)).json()["error"]["code"] == -32020
    assert server.ask(post(call, good)).status == 200


def test_a_state_that_was_not_given_is_refused(server):
    call = modern(1, "tools/call", name="py_list_jobs", arguments={}, requestState="e30.forged")
    reply = server.ask(post(call))
    assert reply.json()["error"]["code"] == -32602, reply


# --- many, and slow ones ---------------------------------------------------------------------------


def test_clients_that_only_begin_do_not_keep_others_out(own):
    """Slowloris: heads that never end, from more connections than there may be."""
    count = 10_000 if FULL else 600
    count = min(count, raw_http.many_descriptors() - 500)
    before = own.memory()
    slow = []
    for number in range(count):
        connection = own.connect()
        connection.send(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        slow.append(connection)
        if number % 500 == 499:
            assert len(own.tools()) >= 10
    for connection in slow[-200:]:
        connection.send(b"a")
    assert len(own.tools()) >= 10
    print(f"{count} slow heads: {(own.memory() - before) / 1024:.0f} KiB")
    assert own.memory() - before < megabytes(64)
    for connection in slow:
        connection.close()


@pytest.mark.skipif(not FULL, reason="takes over a minute: ./dev test --full")
def test_a_request_that_never_ends_is_given_up(server):
    connections = {}
    for name, data in {
        "head": b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: ",
        "body": post(LIST)[:-5],
        "nothing": b"",
    }.items():
        connections[name] = server.connect(300)
        connections[name].send(data)
    begun = time.monotonic()
    while connections and time.monotonic() - begun < 240:
        for name, connection in list(connections.items()):
            if name != "nothing":
                connection.send(b"a" if name == "head" else b"")
            connection.socket.settimeout(0.05)
            try:
                while connection.more():
                    pass
                print(f"{name}: closed after {time.monotonic() - begun:.0f} s")
                del connections[name]
            except TimeoutError:
                pass
        time.sleep(1)
    assert not connections


def test_a_thousand_idle_streams_cost_little(own):
    if raw_http.many_descriptors() < 4096:
        pytest.skip("so many descriptors are not allowed here (ulimit -Hn)")
    before = own.memory()
    streams = [own.listen() for _ in range(1000)]
    used = raw_http.still(own.memory) - before
    print(f"1,000 idle streams: {used / 1024 / 1024:.1f} MiB, {used / 1000 / 1024:.1f} KiB each")
    assert used < megabytes(20)
    assert len(own.tools()) >= 10
    for stream in streams:
        stream.close()
    # There is no room for two thousand: those of the first are let go.
    again = []

    def one_more():
        try:
            again.append(own.listen())
        except AssertionError:
            return False
        return True

    for _ in range(1000):
        soon(one_more)
    for stream in again:
        stream.close()


def test_who_does_not_read_does_not_fill_memory(own):
    """Progress that nobody takes is left out, not kept."""
    script = (
        "import os\n"
        "with open(os.environ['CORDON_PROGRESS'], 'a', buffering=1) as file:\n"
        "    for step in range(60_000):\n"
        "        print(step, 60_000, 'x' * 200, file=file)\n"
    )
    arguments = {"script_content": script, "job_label": "loud"}
    call = modern(1, "tools/call", {"progressToken": "t"}, name=RUN, arguments=arguments)
    before = own.memory()
    connections = [own.connect() for _ in range(2)]
    for connection in connections:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(post(call))
    soon(lambda: [job["status"] for job in jobs(own, "loud")] == ["completed"] * 2)
    assert own.memory() - before < megabytes(64)
    for connection in connections:
        connection.close()


def test_what_a_client_says_of_itself_is_not_kept_whole(own):
    """Two hundred thousand values in each of some sessions, and in as many open streams."""
    many = "[" + "{}," * 200_000 + "{}]"
    about = {"clientInfo": {"name": "raw", "version": "1"}, "protocolVersion": "2025-11-25"}
    hello = legacy(0, "initialize", capabilities={"experimental": "MANY"}, **about)
    meta = {f"{META}clientCapabilities": {"experimental": "MANY"}}
    listen = modern(1, "subscriptions/listen", meta, notifications={"toolsListChanged": True})
    streams = []
    for _ in range(7):
        for message, headers in (hello, {}), (listen, headers_of(listen)):
            body = json.dumps(message).replace('"MANY"', many).encode()
            connection = own.connect()
            connection.send(post(body, headers))
            assert connection.head()[0] == 200
            streams.append(connection)
    assert own.memory("VmHWM") < megabytes(400)
    for stream in streams:
        stream.close()


def test_large_answers_that_nobody_reads_do_not_fill_memory(own):
    """Each is 6 MB of text, and all are asked for before the first could be sent."""
    script = "import sys\nfor _ in range(4):\n    sys.stdout.write(chr(0) * 1_000_000)"
    call = modern(1, "tools/call", name=RUN, arguments={"script_content": script})
    job = own.ask(post(call)).json()["result"]["structuredContent"]["job_id"]
    uri = f"job-stream://{job}?stream=stdout&offset=0&length=1048576"
    read = post(modern(2, "resources/read", uri=uri))
    assert len(own.ask(read).body) > 6_000_000
    slow = [own.connect() for _ in range(60)]
    for connection in slow:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(read)
    # Where it is crowded one is told to come again; those who do not read make room in the end.
    soon(lambda: own.ask(post(LIST)).status == 200)
    assert own.memory("VmHWM") < megabytes(400)
    for connection in slow:
        connection.close()


# --- who goes away ---------------------------------------------------------------------------------

def forever(marker, number=1, **more):
    arguments = {
        "script_content": FOREVER,
        "args": [marker],
        "env_vars": IN_COMMAND_LINE,
        "timeout_seconds": 0,
        "job_label": marker,
    }
    return {"name": RUN, "arguments": arguments, **more}


def marker():
    return f"hostile-{os.urandom(8).hex()}"


def living(pids):
    """Those that are no zombies: whoever is their parent now takes them when it likes."""
    return {pid: line for pid, line in processes().items() if pid in pids and line}


def ticks(stat):
    """Of CPU time that a process has used."""
    return sum(int(one) for one in stat.read_text().rpartition(")")[2].split()[11:13])


def jobs(server, label):
    call = modern(1, "tools/call", name="py_list_jobs", arguments={"limit": 1000})
    found = server.ask(post(call)).json()["result"]["structuredContent"]["jobs"]
    return [job for job in found if job["label"] == label]


def test_a_modern_client_that_goes_ends_its_run(server):
    name = marker()
    call = modern(1, "tools/call", {"progressToken": "t"}, **forever(name))
    stream = server.stream(call)
    assert stream.event()["params"]["message"] == "begun"
    assert alive(name)
    gone = time.monotonic()
    stream.close()
    took = eventually(lambda: not alive(name), 60)
    assert took is not None
    print(f"a run was over {(time.monotonic() - gone) * 1000:.0f} ms after its client went")


def test_a_modern_client_that_resets_ends_its_run_though_nothing_was_said(server):
    """Before a byte of the reply there is nothing to write that would fail."""
    name = marker()
    stream = server.connect()
    stream.send(post(modern(1, "tools/call", **forever(name))))
    soon(lambda: alive(name))
    stat = Path("/proc", str(server.front), "stat")
    before = ticks(stat)
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    soon(lambda: not alive(name))
    # Noticed by who waits for it, who turned in circles for seconds otherwise.
    assert ticks(stat) - before < os.sysconf("SC_CLK_TCK")


def test_who_sends_no_more_reads_the_whole_reply(server):
    with server.connect() as stream:
        # So that it cannot be sent at once.
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.send(post(LIST))
        stream.socket.shutdown(socket.SHUT_WR)
        assert stream.reply().json()["result"]["tools"]
        assert stream.ended() == b""


def test_a_legacy_client_that_goes_does_not_end_its_run(server):
    name, fields = marker(), server.begin()
    call = legacy(1, "tools/call", **forever(name, _meta={"progressToken": "t"}))
    stream = server.stream(call, fields)
    soon(lambda: alive(name))
    stream.close()
    soon(lambda: jobs(server, name))  # a call is written down once it has taken a moment
    found = jobs(server, name)
    assert [job["status"] for job in found] == ["running"]
    stop = legacy(3, "tools/call", name="py_cancel_job", arguments={"job_id": found[0]["id"]})
    assert server.ask(post(stop, fields)).status == 200
    soon(lambda: not alive(name))


def test_a_server_that_is_killed_leaves_nothing(cordon, state, tmp_path):
    """SIGKILL under 50 streams: of which some run, some wait for their turn, some listen."""
    raw_http.many_descriptors()
    name = marker()
    with raw_http.Server(cordon, state, tmp_path) as server:
        streams = [server.listen() for _ in range(25)]
        for number in range(25):
            connection = server.connect()
            connection.send(post(modern(number, "tools/call", **forever(name))))
            streams.append(connection)
        soon(lambda: len(alive(name)) >= 2)
        family = {server.pid, *descendants(server.pid)}
        server.process.kill()
        server.process.wait()
        took = eventually(lambda: not alive(name) and not living(family), 60)
        assert took is not None, (alive(name), living(family))
        print(f"nothing was left {took * 1000:.0f} ms after SIGKILL")
        for stream in streams:
            stream.ended()
            stream.close()
    with raw_http.Server(cordon, state, tmp_path) as server:
        assert {job["status"] for job in jobs(server, name)} <= {"failed", "cancelled"}


def test_types_that_are_not_mcps_are_refused(server):
    data = post(LIST)
    wants = data.replace(b"application/json, text/event-stream", b"text/html")
    gives = data.replace(b"Content-Type: application/json", b"Content-Type: text/plain")
    assert [server.ask(wants).status, server.ask(gives).status] == [406, 415]
