# SPDX-License-Identifier: Apache-2.0
"""A server of `cordon serve --http`, and a client of it that shows every byte."""

import json
import re
import socket
import subprocess
import threading
import time

import support

MODERN = "2026-07-28"
BOTH = "application/json, text/event-stream"


class Server:
    """Runs until stop(); `address` is (host, port), or the path of a Unix socket."""

    def __init__(self, command, environment, cwd, **options):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            **options,
        )
        self.log = b""
        self.address = None
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read_log, daemon=True)
        self.thread.start()
        with self.changed:
            self.changed.wait_for(lambda: self.address or self.ended, 60)
        assert self.address, f"the server does not serve: {self.log!r}"

    ended = False

    def _read_log(self):
        for line in self.process.stderr:
            with self.changed:
                self.log += line
                found = re.search(rb"event=serving .*address=(\S+)", line)
                if found:
                    self.address = self._parse(found[1].decode().strip('"'))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    @staticmethod
    def _parse(text):
        if text.startswith("unix:"):
            return text.removeprefix("unix:")
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def url(self):
        host, port = self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/mcp"

    @property
    def front(self):
        """The process that reads what clients send, of the steward's servers the newest."""
        taken = re.findall(rb"event=takeover .*to=(\d+)", self.log)
        return int(taken[-1]) if taken else support.children(self.process.pid)[0]

    def connect(self, timeout=120):
        if isinstance(self.address, str):
            stream = socket.socket(socket.AF_UNIX)
            stream.settimeout(timeout)
            stream.connect(self.address)
            return stream
        return socket.create_connection(self.address, timeout)

    def stop(self, timeout=60):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.thread.join(10)


def serve(cordon, state, cwd, *arguments, env=None, **options):
    """On a free port of 127.0.0.1 unless the arguments say another place."""
    where = [] if "--http" in arguments or "--unix" in arguments else ["--http", "127.0.0.1:0"]
    # The front's cage forbids what a leak checker does at the end.
    own = {"CORDON_STATE": str(state), "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
    command = [str(cordon), "serve", *where, *map(str, arguments)]
    return Server(command, support.clean_environment(**own), cwd, **options)


class Connection:
    """One connection. Replies are read as they come; `events` of a stream one by one."""

    def __init__(self, server):
        self.server = server
        self.socket = server.connect()
        self.bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text)

    def _more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.bytes += piece
        return piece

    def _until(self, end):
        while end not in self.bytes:
            if not self._more():
                raise EOFError(f"the connection ended: {self.bytes[:300]!r}")
        text, _, self.bytes = self.bytes.partition(end)
        return text

    def head(self):
        """The status, and the headers by their names in small letters."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        return self.status

    def chunk(self):
        """b"" is the end of the body."""
        size = int(self._until(b"\r\n"), 16)
        while len(self.bytes) < size + 2:
            if not self._more():
                raise EOFError("the connection ended in a body")
        piece, self.bytes = self.bytes[:size], self.bytes[size + 2 :]
        return piece

    def body(self):
        if self.headers.get("transfer-encoding") == "chunked":
            return b"".join(iter(self.chunk, b""))
        size = int(self.headers.get("content-length", 0))
        while len(self.bytes) < size and self._more():
            pass
        text, self.bytes = self.bytes[:size], self.bytes[size:]
        return text

    def events(self):
        """Each event of a stream: a dict of its fields, {} for a comment."""
        pending = b""
        while True:
            piece = self.chunk()
            if not piece:
                return
            pending += piece
            while b"\n\n" in pending:
                text, _, pending = pending.partition(b"\n\n")
                fields = {}
                for line in text.decode().split("\n"):
                    name, _, value = line.partition(":")
                    if name:
                        fields[name] = value.removeprefix(" ")
                yield fields

    def messages(self):
        """The JSON of each event that has some."""
        for event in self.events():
            if event.get("data"):
                yield json.loads(event["data"])

    def ended(self):
        """Has the other side closed, with nothing more to read?"""
        return not self.bytes and not self._more()

    def request(self, method, path, body=None, host="localhost", **headers):
        lines = [f"{method} {path} HTTP/1.1"]
        if host is not None:
            lines.append(f"Host: {host}")
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                lines.append(f"{name.replace('_', '-')}: {one}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))

    def post(self, message, **headers):
        """Sends a message, or bytes, with the headers that are always wanted."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        wanted = {"Accept": BOTH, "Content_Type": "application/json"}
        wanted.update(headers)
        self.request(
            "POST", "/mcp", body, **{name: v for name, v in wanted.items() if v is not None}
        )

    def modern(self, number, method, /, headers=None, **params):
        """Sends a request of the modern era with the headers that belong to it."""
        message, wanted = modern(number, method, **params)
        self.post(message, **(wanted | (headers or {})))

    def reply(self):
        """Status and body of the next reply; the body as JSON where it is."""
        self.head()
        text = self.body()
        if self.headers.get("content-type") == "application/json":
            return self.status, json.loads(text)
        return self.status, text.decode()

    def answer(self, number):
        """The answer to a request, as JSON or at the end of a stream."""
        if self.head() == 200 and self.headers["content-type"] == "text/event-stream":
            (message,) = [m for m in self.messages() if m.get("id") == number]
            return message
        return json.loads(self.body())


def modern(number, method, **params):
    """(message, headers) of a request of the modern era."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params["_meta"] = meta | params.get("_meta", {})
    headers = {"MCP_Protocol_Version": MODERN, "Mcp_Method": method}
    for name in ("name", "uri", "taskId"):
        if name in params:
            headers["Mcp_Name"] = params[name]
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    if number is None:
        del message["id"]
    return message, headers


def initialize(version="2025-11-25"):
    return {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"},
        },
    }


def session(server, version="2025-11-25"):
    """The headers of a session of the legacy era that has begun."""
    with Connection(server) as connection:
        connection.post(initialize(version))
        status, reply = connection.reply()
        assert status == 200, reply
        assert reply["result"]["protocolVersion"] == version
        headers = {
            "Mcp_Session_Id": connection.headers["mcp-session-id"],
            "MCP_Protocol_Version": version,
        }
        connection.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, **headers)
        assert connection.reply() == (202, "")
    return headers


def wait_for(true, seconds=60):
    """Like support.soon(), but the seconds it took."""
    begin = time.monotonic()
    support.soon(true, seconds)
    return time.monotonic() - begin
