# SPDX-License-Identifier: Apache-2.0
"""A small Internet in two network namespaces, for whoever runs the suite.

    world     where cordon runs: 198.51.100.2, its loopback, a resolv.conf and a hosts file of its own
    outside   behind a router: name server, web servers, a cloud's metadata, private networks

World() starts this file inside the namespaces and asks it to run commands there. Nothing of it
touches the machine's own network; without the right to make namespaces it says so (Unavailable).
"""

import base64
import ctypes
import json
import os
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BIG = 10 * 1024 * 1024
WEB, OTHER, NAMES, DEAD = (f"203.0.113.{last}" for last in (80, 81, 53, 99))
INWARD = ["10.9.9.9", "192.168.9.9", "172.16.9.9", "100.64.9.9", "169.254.169.254", "198.51.100.1"]
INWARD6 = ["fd00:9::9", "fd00:ec2::254"]
WEB6 = "2a00:9::80"
OWN = ["127.0.0.1", "198.51.100.2"]

# What the name server says: name -> addresses. Tests add no others.
RECORDS = {
    "web.test": [WEB],
    "other.test": [OTHER],
    "sub.web.test": [OTHER],
    "deep.sub.web.test": [OTHER],
    "six.test": [WEB6],
    "both.test": [WEB, WEB6],
    "dead.test": [DEAD, WEB],
    "mixed.test": ["127.0.0.1", "10.9.9.9", WEB],
    "loopback.test": ["127.0.0.1"],
    "loopback6.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "own.test": ["198.51.100.2"],
    "neighbour.test": ["198.51.100.1"],
    "zero.test": ["0.0.0.0"],
    "metadata.test": ["169.254.169.254"],
    "metadata6.test": ["fd00:ec2::254"],
    "private.test": ["10.9.9.9"],
    "private6.test": ["fd00:9::9"],
    "shared.test": ["100.64.9.9"],
}
# In the hosts file of the world.
HOSTS = {"filed.test": WEB, "filed-inward.test": "127.0.0.1"}


class Unavailable(Exception):
    pass


# --- outside --------------------------------------------------------------------------------------

hits = []  # "address path" of every request that any web server saw
asked = []  # names


class Web(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        address = self.connection.getsockname()[0].removeprefix("::ffff:")
        hits.append(f"{address} {self.path}")
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/big":
            self.answer(200, os.urandom(1024) * (BIG // 1024))
        elif url.path == "/redirect":
            self.answer(302, Location=urllib.parse.unquote(url.query))
        elif url.path == "/headers":
            self.answer(200, str(self.headers).encode())
        else:
            self.answer(200, f"hello from {address}".encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, f"{len(body)} bytes".encode())


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "web", self.server_address[1]


class Echo(socketserver.BaseRequestHandler):
    """What tunnels lead to: bytes come back until they end, and then the end."""

    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128


class Names(socketserver.BaseRequestHandler):
    """A name server as simple as can be. rebind.test: public once, then the world's own loopback."""

    def handle(self):
        query, sock = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
        question = query[12 : at + 5]
        name = ".".join(labels).lower()
        asked.append(name)
        addresses = RECORDS.get(name)
        if name == "silent.test":
            return
        if name == "rebind.test":
            addresses = [WEB] if asked.count(name) <= 2 else ["127.0.0.1"]
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        packed = [
            socket.inet_pton(family, address)
            for address in addresses or []
            if family == (socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]
        head = query[:2] + struct.pack(
            ">HHHHH", 0x8180 if addresses else 0x8183, 1, len(packed), 0, 0
        )
        rows = [
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(address)) + address
            for address in packed
        ]
        sock.sendto(head + question + b"".join(rows), self.client_address)


def take_hits():
    taken = hits[:]
    hits.clear()
    return taken


def serve_forever(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve_web():
    serve_forever(Server(("::", 80), Web))
    serve_forever(Server(("::", 8080), Web))
    serve_forever(EchoServer(("0.0.0.0", 443), Echo))


def command(*words):
    subprocess.run(words, check=True, capture_output=True)


def outside():
    """In a network namespace of its own; answers each line with its hits."""
    print("ready", flush=True)
    sys.stdin.readline()  # the world has given us our end of the cable
    command("ip", "link", "set", "lo", "up")
    command("ip", "link", "set", "cable", "up")
    command("ip", "addr", "add", "198.51.100.1/24", "dev", "cable")
    command("ip", "-6", "addr", "add", "fd00:1::1/64", "dev", "cable", "nodad")
    for address in [WEB, OTHER, NAMES, *INWARD[:-1]]:
        command("ip", "addr", "add", f"{address}/32", "dev", "lo")
    for address in [WEB6, *INWARD6]:
        command("ip", "-6", "addr", "add", f"{address}/128", "dev", "lo")
    serve_web()
    serve_forever(socketserver.ThreadingUDPServer((NAMES, 53), Names))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(take_hits()), flush=True)


# --- the world --------------------------------------------------------------------------------------


def ask(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def lay_cable(other):
    """To the namespace of a process, and a route to everywhere through it."""
    command("ip", "link", "set", "lo", "up")
    command("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(other))
    command("ip", "addr", "add", "198.51.100.2/24", "dev", "cable")
    command("ip", "-6", "addr", "add", "fd00:1::2/64", "dev", "cable", "nodad")
    command("ip", "link", "set", "cable", "up")
    command("ip", "route", "add", "default", "via", "198.51.100.1")
    command("ip", "-6", "route", "add", "default", "via", "fd00:1::1")
    command("ip", "route", "add", "prohibit", DEAD)


def write_etc(directory):
    hosts = "127.0.0.1 localhost\n" + "".join(f"{at} {name}\n" for name, at in HOSTS.items())
    for name, text in {"resolv.conf": f"nameserver {NAMES}\n", "hosts": hosts}.items():
        path = Path(directory, name)
        path.write_text(text)
        path.chmod(0o644)
        command("mount", "--bind", str(path), f"/etc/{name}")


def run_here(request):
    """A command as the suite's own user, whatever that is outside."""
    uid, gid = request["ids"]
    words = request["words"]
    if uid != 0:
        words = ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--", *words]
    given = base64.b64decode(request["input"])
    done = subprocess.run(words, input=given, env=request["env"], cwd="/", capture_output=True)
    return [done.returncode, *(base64.b64encode(text).decode() for text in (done.stdout, done.stderr))]


def world():
    command("mount", "--make-rprivate", "/")
    neighbour = subprocess.Popen(
        ["unshare", "--net", sys.executable, __file__, "outside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    neighbour.stdout.readline()
    lay_cable(neighbour.pid)
    ask(neighbour, "go")
    serve_web()
    with tempfile.TemporaryDirectory() as directory:
        write_etc(directory)
        print("ready", flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            if "words" in request:
                answer = run_here(request)
            else:
                answer = json.loads(ask(neighbour, "hits")) + take_hits()
            print(json.dumps(answer), flush=True)
        for name in ("resolv.conf", "hosts"):
            command("umount", f"/etc/{name}")
    neighbour.kill()


class World:
    def __init__(self):
        words = ["unshare", "--net", "--mount", sys.executable, __file__, "world"]
        if os.getuid() != 0:
            words[1:1] = ["--user", "--map-root-user"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self.process.stdout.readline().strip() != "ready":
            self.process.stdin.close()
            raise Unavailable(self.process.stderr.read()[-500:])

    def _ask(self, **request):
        return json.loads(ask(self.process, json.dumps(request)))

    def run(self, words, env, given=b""):
        """-> exit status, standard output, standard error."""
        code, out, err = self._ask(
            words=[str(word) for word in words],
            env=env,
            ids=[os.getuid(), os.getgid()],
            input=base64.b64encode(given).decode(),
        )
        return code, base64.b64decode(out).decode(), base64.b64decode(err).decode()

    def hits(self):
        """"address path" of every request that arrived anywhere since the last question."""
        return self._ask()

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


if __name__ == "__main__":
    # With the suite's end, whatever ends it, all of this ends.
    ctypes.CDLL(None).prctl(1, 9)
    {"world": world, "outside": outside}[sys.argv[1]]()
