# SPDX-License-Identifier: Apache-2.0
"""`cordon serve --http` and `--unix`: each rule of Streamable HTTP, with every byte in sight."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import exposition
import pytest
import support
from web import BOTH, MODERN, Connection, initialize, modern, serve, session, wait_for

ALONE = "py_run_script_with_dependencies"
IN_DIR = "py_run_script_in_dir"

# Says that it runs, by a file in the workspace, and goes on.
WAITS = "import time; open('running', 'w').close(); time.sleep(300)"
MARK = "cordon-test-of-http"


@pytest.fixture(scope="module")
def server(cordon, state, tmp_path_factory):
    """One for all the tests that leave it as it was; its root is where they all have theirs."""
    server = serve(cordon, state, tmp_path_factory.getbasetemp())
    yield server
    assert server.process.poll() is None
    server.stop()


@pytest.fixture
def own(web):
    """One of the test's own."""
    return web()


@pytest.fixture
def connection(server):
    with Connection(server) as connection:
        yield connection


def run(directory, code, **more):
    return {"name": IN_DIR, "arguments": {"directory": str(directory), "script_content": code} | more}


def ping(number=1):
    return {"jsonrpc": "2.0", "id": number, "method": "ping"}


def call(number, directory, code, **more):
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": run(directory, code) | more,
    }


# --- real clients -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_real_client_calls_a_tool_and_hears_how_far_it_is(web, tmp_path, mode):
    import asyncio

    from mcp import Client

    server = web()
    script = (
        "import os, time\n"
        "for i in range(1, 4):\n"
        "    with open(os.environ['CORDON_PROGRESS'], 'a') as file: file.write(f'{i} 3 step\\n')\n"
        "    time.sleep(0.3)\n"
        "print('done')\n"
    )
    heard = []

    async def hear(progress, total, message):
        heard.append((progress, total, message))

    async def work():
        async with Client(server.url, mode=mode) as client:
            tools = (await client.list_tools()).tools
            arguments = {"directory": str(tmp_path), "script_content": script}
            result = await client.call_tool(IN_DIR, arguments, progress_callback=hear)
            return [tool.name for tool in tools], result.structured_content

    names, result = asyncio.run(asyncio.wait_for(work(), 180))
    assert {ALONE, IN_DIR} <= set(names)
    assert (result["status"], result["stdout"]) == ("completed", "done\n")
    assert heard and heard[-1] == (3, 3, "step")


README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize(
    "language, command, said",
    [
        ("sh", ["sh", "-c"], f'"name":"{ALONE}"'),
        ("python", [sys.executable, "-c"], "42\n"),
    ],
    ids=["sh", "python"],
)
def test_what_the_readme_shows_over_http_works(web, language, command, said):
    where = "http://127.0.0.1:8000/mcp"
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    (shown,) = [block for block in blocks if where in block]
    code = shown.replace(where, web().url)
    result = subprocess.run([*command, code], capture_output=True, text=True, timeout=180)
    assert result.returncode == 0, result.stderr
    assert said in result.stdout


def test_tls_is_not_passed_over_in_silence(start, tmp_path):
    config = tmp_path / "config.json"
    tls = {"certificate": "/etc/cordon/certificate", "key": "/etc/cordon/key"}
    config.write_text(json.dumps({"http": {"tls": tls}}))
    result = support.finish(start("serve", "--http", "127.0.0.1:0", "--config", config))
    assert result.exit == 125
    assert "built without TLS: put a proxy that has it in front" in result.err


def test_an_address_of_the_configuration(web, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"http": {"address": f"unix:{tmp_path}/here"}}))
    with Connection(web("--http", "-", "--config", config)) as connection:
        connection.request("GET", "/healthz")
        assert connection.reply() == (200, "ok\n")


def test_curl_over_a_unix_socket(web, tmp_path):
    path = tmp_path / "socket"
    server = web("--unix", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    result = subprocess.run(
        ["curl", "-s", "--unix-socket", path, "http://localhost/readyz"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert result.stdout == b"ready\n"
    headers = session(server)
    with Connection(server) as connection:
        connection.post(ping(), **headers)
        assert connection.reply()[1]["result"] == {}
    assert server.stop() == 0
    web("--unix", path)  # what a server leaves behind is replaced


def test_a_unix_socket_that_is_in_use_is_not_taken_away(web, start, tmp_path):
    path = tmp_path / "socket"
    server = web("--unix", path)
    result = support.finish(start("serve", "--unix", path))
    assert result.exit == 125
    assert "take the address" in result.err
    with Connection(server) as connection:
        connection.request("GET", "/healthz")
        assert connection.reply() == (200, "ok\n")


# --- which requests are served ------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, headers",
    [
        (403, {"host": "evil.example"}),
        (403, {"host": "evil.example:80"}),
        (403, {"host": "localhost.evil.example"}),
        (403, {"host": "localhost:80:80"}),
        (403, {"host": "127.0.0.1.evil.example"}),
        (403, {"Origin": "http://evil.example"}),
        (403, {"Origin": "http://localhost.evil.example"}),
        (403, {"Origin": "http://localhost@evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": ""}),
        (403, {"Origin": ["http://localhost", "http://evil.example"]}),
        (406, {"Accept": "application/json"}),
        (406, {"Accept": "text/event-stream"}),
        (406, {"Accept": None}),
        (406, {"Accept": "application/json, text/event-stream;q=0"}),
        (415, {"Content_Type": "text/plain"}),
        (415, {"Content_Type": "application/jsonx"}),
        (415, {"Content_Type": None}),
        (200, {"host": "localhost:1"}),
        (200, {"host": "127.0.0.1"}),
        (200, {"host": "[::1]:8000"}),
        (200, {"Origin": "http://localhost:3000"}),
        (200, {"Origin": "https://127.0.0.1"}),
        (200, {"Accept": "*/*"}),
        (200, {"Accept": ["application/json;q=0.5", "text/*"]}),
        (200, {"Content_Type": "Application/JSON; charset=utf-8"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_where_a_request_comes_from_and_what_it_takes(connection, era, status, headers):
    if era == "modern":
        connection.modern(1, "tools/list", headers=headers)
    else:
        connection.post(initialize(), **headers)
    got, reply = connection.reply()
    assert got == status, reply
    assert ("result" in reply) == (status == 200)
    if status != 200:
        assert reply["error"]["code"] == -32600 and "id" not in reply


@pytest.mark.parametrize(
    "method, path, version, status, allow",
    [
        ("GET", "/mcp", MODERN, 405, "POST"),
        ("DELETE", "/mcp", MODERN, 405, "POST"),
        ("PUT", "/mcp", MODERN, 405, "POST"),
        ("OPTIONS", "/mcp", "2025-11-25", 405, "GET, POST, DELETE"),
        ("PUT", "/mcp", None, 405, "GET, POST, DELETE"),
        ("POST", "/healthz", None, 405, "GET, HEAD"),
        ("HEAD", "/healthz", None, 200, None),
        ("HEAD", "/mcp", None, 405, "GET, POST, DELETE"),
        ("GET", "/healthz", None, 200, None),
        ("GET", "/readyz?x=1", None, 200, None),
        ("GET", "/mcp/", None, 404, None),
        ("GET", "/mc%70", None, 404, None),
        ("GET", "/nothing", None, 404, None),
    ],
)
def test_paths_and_methods(connection, method, path, version, status, allow):
    headers = {"MCP_Protocol_Version": version} if version else {}
    connection.request(method, path, Accept=BOTH, **headers)
    assert connection.head() == status
    assert connection.headers.get("allow") == allow
    length = int(connection.headers["content-length"])
    assert length > 0
    if method != "HEAD":
        assert len(connection.body()) == length
    connection.request("GET", "/healthz")
    assert connection.reply() == (200, "ok\n"), "what came behind was taken for the next reply"


def test_metrics_are_those_of_the_resource(own, tmp_path):
    with Connection(own) as connection:
        connection.modern(1, "tools/call", **run(tmp_path, "print(1)"))
        assert connection.answer(1)["result"]["structuredContent"]["exit_code"] == 0
        connection.request("GET", "/metrics")
        status, text = connection.reply()
        assert status == 200
        assert connection.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert f'cordon_runs_total{{tool="{IN_DIR}",policy="default",end="exited"}} 1\n' in text
        families = exposition.parse(text)
        replies = families["cordon_http_replies_total"]
        assert replies[("cordon_http_replies_total", (("status", '"2xx"'),))] == 1
        assert families["cordon_http_connections"][("cordon_http_connections", ())] == 1


# --- 2026-07-28 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, status, change",
    [
        (-32020, 400, {"MCP_Protocol_Version": None}),
        (-32020, 400, {"MCP_Protocol_Version": "2025-11-25"}),
        (-32020, 400, {"MCP_Protocol_Version": "2099-01-01"}),
        (-32020, 400, {"MCP_Protocol_Version": [MODERN, MODERN]}),
        (-32020, 400, {"Mcp_Method": None}),
        (-32020, 400, {"Mcp_Method": "tools/list"}),
        (-32020, 400, {"Mcp_Method": "Resources/read"}),
        (-32020, 400, {"Mcp_Method": ["resources/read", "resources/read"]}),
        (-32020, 400, {"Mcp_Name": None}),
        (-32020, 400, {"Mcp_Name": "cordon://policies"}),
        (-32020, 400, {"Mcp_Name": "=?base64?Y29yZG9uOi8vY2hlY2=?="}),
        (-32020, 400, {"Mcp_Name": "=?base64?!!!!?="}),
        (None, 200, {"Mcp_Name": "=?base64?Y29yZG9uOi8vcG9saWNpZXMvc3RyaWN0?="}),
        (None, 200, {"Mcp_Name": " \t cordon://policies/strict \t "}),
        (None, 200, {"mcp_METHOD": "resources/read", "Mcp_Method": None}),
        (None, 200, {"Mcp_Session_Id": "whatever", "Last_Event_ID": "1-1"}),
    ],
    ids=str,
)
def test_headers_say_what_the_body_says(connection, code, status, change):
    connection.modern(7, "resources/read", headers=change, uri="cordon://policies/strict")
    got, reply = connection.reply()
    assert got == status, reply
    assert reply["id"] == 7
    assert reply.get("error", {}).get("code") == code
    assert "mcp-session-id" not in connection.headers


@pytest.mark.parametrize(
    "body, code, status",
    [
        (b"", -32700, 400),
        (b"{", -32700, 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list",}', -32700, 400),
        (b"[]", -32600, 400),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, 400),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600, 400),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600, 400),
        (b'{"jsonrpc":"2.0","id":1,"id":1,"method":"tools/list"}', -32600, 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', -32602, 400),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}}', -32602, 400),
    ],
    ids=repr,
)
def test_a_body_that_is_no_request(connection, body, code, status):
    connection.post(body, MCP_Protocol_Version=MODERN, Mcp_Method="tools/list")
    got, reply = connection.reply()
    assert (got, reply["error"]["code"]) == (status, code), reply


@pytest.mark.parametrize(
    "method, params, code, status",
    [
        ("initialize", {}, -32601, 404),
        ("ping", {}, -32601, 404),
        ("logging/setLevel", {"level": "info"}, -32601, 404),
        ("resources/subscribe", {"uri": "x:"}, -32601, 404),
        ("no/such/method", {}, -32601, 404),
        ("tools/call", {"name": "no_such_tool"}, -32602, 400),
        ("resources/read", {"uri": "cordon://nothing"}, -32602, 400),
        ("tools/list", {"cursor": "nonsense"}, -32602, 400),
    ],
)
def test_errors_have_their_status(connection, method, params, code, status):
    connection.modern(3, method, **params)
    got, reply = connection.reply()
    assert (got, reply["error"]["code"], reply["id"]) == (status, code, 3)


def test_a_version_that_is_not_spoken(connection):
    meta = {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    message, headers = modern(1, "tools/list", _meta=meta)
    connection.post(message, **(headers | {"MCP_Protocol_Version": "2099-01-01"}))
    status, reply = connection.reply()
    assert (status, reply["error"]["code"]) == (400, -32022)
    assert reply["error"]["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


def test_notifications_are_accepted_and_have_no_answer(connection):
    connection.modern(None, "notifications/cancelled", requestId=1)
    assert connection.reply() == (202, "")
    message, headers = modern(None, "notifications/cancelled")
    connection.post(message, **(headers | {"MCP_Protocol_Version": "2099-01-01"}))
    status, reply = connection.reply()
    assert (status, reply["error"]["code"]) == (400, -32022)


def test_the_same_id_of_two_clients_means_two_requests(server, tmp_path):
    with Connection(server) as one, Connection(server) as other:
        one.modern(1, "tools/call", **run(tmp_path, "import time; time.sleep(0.5); print('one')"))
        other.modern(1, "tools/call", **run(tmp_path, "print('other')"))
        assert other.answer(1)["result"]["structuredContent"]["stdout"] == "other\n"
        assert one.answer(1)["result"]["structuredContent"]["stdout"] == "one\n"


def test_progress_makes_a_stream_and_nothing_else_does(connection, tmp_path):
    connection.modern(1, "tools/call", **run(tmp_path, "print(1)"))
    assert connection.head() == 200
    assert connection.headers["content-type"] == "application/json"
    connection.body()
    code = (
        "import os, time\n"
        "with open(os.environ['CORDON_PROGRESS'], 'a') as file: file.write('1 2 half\\n')\n"
        "time.sleep(1)\n"
    )
    connection.modern(2, "tools/call", **run(tmp_path, code), _meta={"progressToken": "p"})
    assert connection.head() == 200
    assert connection.headers["content-type"] == "text/event-stream"
    assert connection.headers["cache-control"] == "no-cache, no-transform"
    assert connection.headers["x-accel-buffering"] == "no"
    events = [event for event in connection.events() if event]
    assert all("id" not in event for event in events)
    first, *_, last = [json.loads(event["data"]) for event in events]
    assert first["method"] == "notifications/progress"
    assert first["params"]["progressToken"] == "p"
    assert last["id"] == 2 and last["result"]["resultType"] == "complete"
    connection.modern(3, "tools/list")  # the connection goes on
    assert connection.reply()[0] == 200


def alive(directory):
    """Those of the script that was started with the marker."""
    return support.alive(f"{MARK}-{directory.name}")


def begin(connection, directory, **headers):
    """Starts a run that goes on, and waits until it does."""
    marker = [f"{MARK}-{directory.name}"]
    arguments = run(directory, WAITS, args=marker, env_vars=support.IN_COMMAND_LINE)
    if headers:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
        connection.post(message, **headers)
    else:
        connection.modern(1, "tools/call", **arguments)
    support.soon((directory / "running").exists)
    assert alive(directory)


def test_a_client_that_goes_cancels_its_run(server, workspace):
    connection = Connection(server)
    begin(connection, workspace)
    connection.close()
    wait_for(lambda: not alive(workspace))
    assert server.process.poll() is None


def test_a_client_that_sent_more_and_goes_cancels_its_run(server, workspace):
    connection = Connection(server)
    begin(connection, workspace)
    connection.request("GET", "/healthz")  # is not read as long as the first is not answered
    connection.close()
    wait_for(lambda: not alive(workspace))


# --- 2025-11-25 and before ----------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_a_session_begins_lives_and_ends(server, version):
    headers = session(server, version)
    assert len(headers["Mcp_Session_Id"]) == 32
    with Connection(server) as connection:
        connection.post(ping(), **headers)
        assert connection.reply() == (200, {"jsonrpc": "2.0", "id": 1, "result": {}})
        without = {"Mcp_Session_Id": headers["Mcp_Session_Id"]}
        connection.post(ping(), **without)
        assert connection.reply()[0] == 200
        connection.request("DELETE", "/mcp", **headers)
        assert connection.reply() == (204, "")
        for again in range(2):
            connection.post(ping(), **headers)
            assert connection.reply()[0] == 404
            connection.request("DELETE", "/mcp", **headers)
            assert connection.reply()[0] == 404


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 400),
        ({"Mcp_Session_Id": ["x", "x"]}, 400),
        ({"Mcp_Session_Id": "0" * 32}, 404),
        ({"Mcp_Session_Id": ""}, 404),
        ({"Mcp_Session_Id": "../../etc"}, 404),
    ],
    ids=str,
)
def test_without_a_session_nothing_is_served(connection, headers, status):
    connection.post(ping(), **headers)
    got, reply = connection.reply()
    assert got == status, reply
    assert reply["error"]["code"] == -32600
    assert headers or "send initialize first" in reply["error"]["message"]
    connection.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, **headers)
    assert connection.reply()[0] == status
    connection.request("GET", "/mcp", Accept=BOTH, **headers)
    assert connection.reply()[0] == status
    connection.request("DELETE", "/mcp", **headers)
    assert connection.reply()[0] == status


def test_session_ids_cannot_be_guessed_and_failed_ones_are_not_kept(own):
    ids = {session(own)["Mcp_Session_Id"] for _ in range(20)}
    assert len(ids) == 20
    with Connection(own) as connection:
        message = initialize()
        del message["params"]["protocolVersion"]
        connection.post(message)
        status, reply = connection.reply()
        assert reply["error"]["code"] == -32602
        assert "mcp-session-id" not in connection.headers


def test_a_body_of_the_modern_era_needs_its_header(server, connection):
    message, _ = modern(1, "tools/list")
    connection.post(message)
    assert connection.reply()[1]["error"]["code"] == -32020
    connection.post(message, **session(server))
    status, reply = connection.reply()
    assert (status, reply["error"]["code"]) == (400, -32020)


def test_there_are_only_so_many_sessions(own):
    first, second = session(own), session(own)
    with Connection(own) as connection, Connection(own) as listening:
        listening.request("GET", "/mcp", Accept="text/event-stream", **first)
        assert listening.head() == 200
        for _ in range(1100):  # LEGACIES_MAX is 1024
            connection.post(initialize())
            assert connection.reply()[0] == 200
        connection.post(ping(), **second)
        assert connection.reply()[0] == 404
        connection.post(ping(), **first)  # somebody waits there
        assert connection.reply()[0] == 200


def test_a_client_that_goes_does_not_cancel_and_may_cancel(server, workspace):
    headers = session(server)
    connection = Connection(server)
    begin(connection, workspace, **headers)
    connection.close()
    with Connection(server) as other:
        other.post(ping(2), **headers)
        assert other.reply()[0] == 200
        assert alive(workspace)
        cancel = {"method": "notifications/cancelled", "params": {"requestId": 1}}
        other.post({"jsonrpc": "2.0", **cancel}, **headers)
        assert other.reply() == (202, "")
    wait_for(lambda: not alive(workspace))


def test_a_session_that_ends_ends_its_runs(server, workspace):
    headers = session(server)
    with Connection(server) as connection, Connection(server) as other:
        begin(connection, workspace, **headers)
        other.request("DELETE", "/mcp", **headers)
        assert other.reply()[0] == 204
        wait_for(lambda: not alive(workspace))
        connection.head()  # an end, and no answer
        assert b"result" not in connection.body()


def test_who_lost_a_connection_comes_back_for_the_rest(server, workspace):
    headers = session(server)
    code = (
        "import os, time\n"
        "def tell(n):\n"
        "    with open(os.environ['CORDON_PROGRESS'], 'a') as file: file.write(f'{n} 3 step\\n')\n"
        "tell(1)\n"
        "while not os.path.exists('go'): time.sleep(0.01)\n"
        "tell(2)\n"
        "time.sleep(0.5)\n"
        "print('all of it')\n"
    )
    message = call(5, workspace, code, _meta={"progressToken": 9})
    with Connection(server) as connection:
        connection.post(message, **headers)
        assert connection.head() == 200
        events = connection.events()
        first = next(events)
        assert first["data"] == "" and first["id"]  # to come back with, before anything is said
        second = next(events)
        assert json.loads(second["data"])["params"]["progress"] == 1
    (workspace / "go").touch()
    with Connection(server) as other:
        other.request(
            "GET", "/mcp", Accept="text/event-stream", Last_Event_ID=second["id"], **headers
        )
        assert other.head() == 200
        rest = [json.loads(event["data"]) for event in other.events() if event.get("data")]
    assert [m["params"]["progress"] for m in rest if "method" in m] == [2]
    assert rest[-1]["id"] == 5
    assert rest[-1]["result"]["structuredContent"]["stdout"] == "all of it\n"


def test_what_is_over_is_read_once_more_from_anywhere(server, workspace):
    headers = session(server)
    code = (
        "import os, time\n"
        "with open(os.environ['CORDON_PROGRESS'], 'a') as file: file.write('1 2 x\\n')\n"
        "time.sleep(0.5); print('out')\n"
    )
    with Connection(server) as connection:
        connection.post(call(5, workspace, code, _meta={"progressToken": 9}), **headers)
        connection.head()
        ids = [event["id"] for event in connection.events() if event]
        assert len(ids) == len(set(ids)) and len(ids) >= 3
        connection.request(
            "GET", "/mcp", Accept="text/event-stream", Last_Event_ID=ids[1], **headers
        )
        assert connection.head() == 200
        assert [event["id"] for event in connection.events()] == ids[2:]
        connection.request(
            "GET", "/mcp", Accept="text/event-stream", Last_Event_ID=ids[-1], **headers
        )
        assert connection.reply()[0] == 400  # nothing more will come
        other = session(server)  # whose streams these are not
        for event_id in [ids[1], "9-9", "0-1", "nonsense", "1-", "-1", "1-1x"]:
            connection.request(
                "GET", "/mcp", Accept="text/event-stream", Last_Event_ID=event_id, **other
            )
            assert connection.reply()[0] == 400


def test_a_session_is_listened_to_by_the_last_who_asks(server):
    headers = session(server)
    with Connection(server) as one, Connection(server) as other:
        one.request("GET", "/mcp", Accept="application/json", **headers)
        assert one.reply()[0] == 406
        one.request("GET", "/mcp", Accept="text/event-stream", **headers)
        assert one.head() == 200
        assert next(one.events())["data"] == ""
        other.request("GET", "/mcp", Accept="text/event-stream", **headers)
        assert other.head() == 200
        assert one.chunk() == b""  # the end of its stream
        other.close()
    with Connection(server) as connection:
        connection.post(ping(), **headers)
        assert connection.reply()[0] == 200


def test_batches_are_for_the_version_that_has_them(server):
    batch = [ping(1), {"jsonrpc": "2.0", "method": "notifications/x"}, ping(2)]
    with Connection(server) as connection:
        connection.post(json.dumps(batch).encode(), **session(server, "2025-03-26"))
        status, replies = connection.reply()
        assert status == 200
        assert sorted(reply["id"] for reply in replies) == [1, 2]
        connection.post(json.dumps(batch).encode(), **session(server, "2025-06-18"))
        status, reply = connection.reply()
        assert (status, reply["error"]["code"]) == (400, -32600)


# --- many, slow, and the end --------------------------------------------------------------------


def test_a_slow_client_keeps_nobody_waiting(server):
    with Connection(server) as slow, Connection(server) as other:
        slow.send(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        other.modern(1, "tools/list")
        assert other.reply()[0] == 200


def test_a_long_message_is_taken_and_a_longer_one_is_not(server, connection):
    message, headers = modern(1, "tools/list", x="y" * (16 << 20))
    connection.post(message, **headers)
    assert connection.head() == 413
    with Connection(server) as other:
        message, headers = modern(1, "tools/list", x="y" * ((16 << 20) - 500))
        other.post(message, **headers)
        assert other.reply()[0] == 200


def test_hundreds_of_streams_cost_little(own):
    headers = session(own)
    before = int(support.status(own.front)["VmRSS"].split()[0])
    streams = [Connection(own) for _ in range(300)]
    for number, stream in enumerate(streams):
        stream.modern(number, "subscriptions/listen", notifications={})
    for stream in streams:
        assert stream.head() == 200
    grown = int(support.status(own.front)["VmRSS"].split()[0]) - before
    assert grown < 300 * 20, f"{grown} KiB for 300 streams"
    with Connection(own) as connection:
        connection.post(ping(), **headers)
        assert connection.reply()[0] == 200
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("number", [15, 2], ids=["TERM", "INT"])
def test_a_server_that_ends_answers_what_was_asked(web, workspace, number):
    server = web()
    headers = session(server)
    with Connection(server) as run_here, Connection(server) as listens, Connection(server) as idle:
        with Connection(server) as legacy:
            begin(run_here, workspace)
            listens.modern(2, "subscriptions/listen", notifications={})
            assert listens.head() == 200
            legacy.request("GET", "/mcp", Accept="text/event-stream", **headers)
            assert legacy.head() == 200
            os.kill(server.process.pid, number)
            assert listens.body().endswith(b"\n\n")
            legacy.body()
            assert run_here.answer(1)["id"] == 1
            assert idle.ended()
    assert server.process.wait(60) == 0
    assert not alive(workspace)


def test_a_killed_server_leaves_nothing_behind(own, workspace):
    streams = [Connection(own) for _ in range(50 if os.environ.get("FULL") else 8)]
    for number, stream in enumerate(streams):
        marked = {"args": [f"{MARK}-{workspace.name}"], "env_vars": support.IN_COMMAND_LINE}
        stream.modern(number, "tools/call", **run(workspace, WAITS, **marked))
    support.soon(lambda: len(alive(workspace)) >= len(streams))
    children = support.descendants(own.process.pid)
    own.process.kill()
    wait_for(lambda: not alive(workspace))
    wait_for(lambda: not set(children) & set(support.processes()))
    for stream in streams:
        stream.close()


def test_the_front_is_caged(server):
    """No socket of its own making, no program, no file: as over standard input, with one more call."""
    status = support.status(server.front)
    if not support.ROOT:
        assert int(status["Uid"].split()[0]) == os.getuid()
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert int(status["CapEff"], 16) == 0


def test_clients_do_not_wait_for_each_other(server, tmp_path):
    """More at once than there are processors; each gets its own."""
    results = []

    def work(number):
        with Connection(server) as connection:
            connection.modern(number, "tools/call", **run(tmp_path, f"print({number})"))
            answer = connection.answer(number)
            results.append((number, answer["result"]["structuredContent"]["stdout"]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(results) == [(number, f"{number}\n") for number in range(12)]
