# SPDX-License-Identifier: Apache-2.0
"""`cordon serve --http` and clients that write every byte themselves."""

import json
import os
import re
import resource
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

import support

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
RUN = "py_run_script_with_dependencies"

# A script that says once that it runs, and never ends.
FOREVER = """import os, sys, time
with open(os.environ["CORDON_PROGRESS"], "a") as file:
    print(1, 2, "begun", file=file)
time.sleep(600)
"""

# A server that was asked more than its limits answers late, but it answers.
PATIENCE = 120

# AddressSanitizer keeps 256 MB of what was freed, and puts room between.
SANITIZED = os.environ.get("CORDON_BUILD", "").endswith("build/dev")


def many_descriptors():
    """As many as this process may have: a test with a thousand clients holds a thousand."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def megabytes(count):
    """So many, and what a sanitizer takes."""
    return count * 1_000_000 + (350_000_000 if SANITIZED else 0)


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Connection:
    """One connection, and what has come on it."""

    def __init__(self, where, timeout=PATIENCE):
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(where)
        self.come = b""
        self.over = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """False once the server takes no more."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.come += data
        self.over = not data
        return bool(data)

    def until(self, end):
        """All up to and with `end`, or what there was before the server closed."""
        while end not in self.come and self.more():
            pass
        at = self.come.find(end)
        at = len(self.come) if at < 0 else at + len(end)
        found, self.come = self.come[:at], self.come[at:]
        return found

    def exactly(self, count):
        while len(self.come) < count and self.more():
            pass
        found, self.come = self.come[:count], self.come[count:]
        return found

    def head(self):
        """(status, headers) of the reply that comes next; status 0: the server closed instead."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        if not lines[0]:
            return 0, {}
        fields = (line.partition(":") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value.strip() for name, _, value in fields}

    def chunk(self):
        """The next piece of a body in chunks; empty at its end."""
        size = int(self.until(b"\r\n").strip() or b"0", 16)
        return self.exactly(size + 2)[:size]

    def event(self):
        """The JSON of the next event that has some; None where the stream ends before."""
        while piece := self.chunk():
            for line in piece.split(b"\n"):
                if line.startswith(b"data: {"):
                    return json.loads(line[6:])
        return None

    def reply(self):
        status, headers = self.head()
        if "content-length" in headers:
            return Reply(status, headers, self.exactly(int(headers["content-length"])))
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while piece := self.chunk():
                body += piece
        return Reply(status, headers, body)

    def ended(self):
        """Waits for the server to close; what it still said."""
        while self.more():
            pass
        return self.come


def modern(number, method, meta=None, **params):
    meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}, **(meta or {})}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": meta}}


def legacy(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def headers_of(message):
    """What a client of the modern era says again in its headers."""
    params = message.get("params", {})
    fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": message["method"]}
    named = params.get("name", params.get("uri"))
    if named is not None:
        fields["Mcp-Name"] = named
    return fields


def post(body, headers=None, path="/mcp"):
    """The bytes of a request; `headers` None: what the modern era wants for this message."""
    if isinstance(body, dict):
        headers = headers_of(body) if headers is None else headers
        body = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += ["Accept: application/json, text/event-stream", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Server:
    """`cordon serve` with an address; ends with the `with`."""

    def __init__(self, cordon, state, cwd, *arguments, env=None):
        own = {"CORDON_STATE": str(state), "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        self.process = subprocess.Popen(
            [str(cordon), "serve", *map(str, arguments or ("--http", "127.0.0.1:0"))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=support.clean_environment(**own),
            cwd=cwd,
        )
        self.pid = self.process.pid
        self.log = b""
        for line in self.process.stderr:
            self.log += line
            found = re.search(rb"event=serving .*address=\"?([^\s\"]+)", line)
            if found:
                break
        else:
            raise AssertionError(f"the server did not begin: {self.log!r}")
        where = found[1].decode()
        self.where = where.removeprefix("unix:")
        if not where.startswith("unix:"):
            host, port = where.rsplit(":", 1)
            self.where = (host, int(port))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log += line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        self.reader.join(5)

    def connect(self, timeout=PATIENCE):
        return Connection(self.where, timeout)

    def ask(self, data):
        """The reply to these bytes, on a connection of its own."""
        with self.connect() as connection:
            connection.send(data)
            return connection.reply()

    def stream(self, message, headers=None):
        """A connection whose reply is a stream that has begun."""
        connection = self.connect()
        connection.send(post(message, headers))
        status, fields = connection.head()
        assert status == 200, (status, connection.come)
        assert fields["content-type"] == "text/event-stream", fields
        return connection

    def listen(self):
        """A stream that is open and idle."""
        message = modern(1, "subscriptions/listen", notifications={"toolsListChanged": True})
        connection = self.stream(message)
        assert connection.event()["method"] == "notifications/subscriptions/acknowledged"
        return connection

    def begin(self, version="2025-11-25"):
        """The headers of a session of the legacy era."""
        hello = legacy(
            0, "initialize", protocolVersion=version, capabilities={},
            clientInfo={"name": "raw", "version": "1"},
        )
        reply = self.ask(post(hello, {}))
        assert reply.status == 200, reply
        fields = {"Mcp-Session-Id": reply.headers["mcp-session-id"], "MCP-Protocol-Version": version}
        done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert self.ask(post(done, fields)).status == 202
        return fields

    def tools(self):
        reply = self.ask(post(modern(1, "tools/list")))
        assert reply.status == 200, reply
        return reply.json()["result"]["tools"]

    @property
    def front(self):
        """The process that reads what clients send; the one that was started is its steward."""
        (front,) = support.children(self.pid)
        return front

    def memory(self, field="VmRSS"):
        """Of the front and the gate, in bytes. VmHWM: the most there ever was."""
        total = 0
        for pid in (self.front, *support.children(self.front)):
            total += int(support.status(pid)[field].split()[0]) * 1024
        return total


def still(value, seconds=0.5, patience=PATIENCE):
    """value() once it has not changed for so long."""
    last, since, begun = value(), time.monotonic(), time.monotonic()
    while time.monotonic() - since < seconds and time.monotonic() - begun < patience:
        time.sleep(0.05)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last

