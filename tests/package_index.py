# SPDX-License-Identifier: Apache-2.0
"""A package index on loopback, with packages made on the spot; it wants a password."""

import base64
import contextlib
import hashlib
import io
import socket
import socketserver
import tarfile
import textwrap
import threading
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "operator", "canary-7f3a9c51"


def wheel(name, version="1.0", files=None, requires=(), packed=zipfile.ZIP_STORED):
    """(file name, bytes) of a pure wheel; without files it is one module that says its version."""
    if files is None:
        files = {f"{name}.py": f"version = '{version}'\n"}
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    files = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        "{},sha256={},{}\n".format(
            path,
            base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="),
            len(text.encode()),
        )
        for path, text in files.items()
    )
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}-{version}-py3-none-any.whl", out.getvalue()


def source(name, version="1.0", files=None):
    """(file name, bytes) of a source distribution; without files its build would leave a mark."""
    files = files or {"setup.py": "raise SystemExit('a build was started')\n"}
    information = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in {"PKG-INFO": information, **files}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return f"{name}-{version}.tar.gz", out.getvalue()


BACKEND = """
import os, zipfile

{prelude}

def get_requires_for_build_wheel(config_settings=None):
    return {dynamic!r}

def write_wheel(directory, name, version, files, requires=()):
    info = f"{{name}}-{{version}}.dist-info"
    metadata = f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: {{version}}\\n"
    metadata += "".join(f"Requires-Dist: {{requirement}}\\n" for requirement in requires)
    files = dict(files)
    files[f"{{info}}/METADATA"] = metadata
    files[f"{{info}}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{{info}}/RECORD"] = "".join(f"{{path}},,\\n" for path in [*files, f"{{info}}/RECORD"])
    called = f"{{name}}-{{version}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, called), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return called

def build_wheel(directory, config_settings=None, metadata_directory=None):
    found = examine(directory)
    module = f"version = {version!r}\\nfound = {{found!r}}\\n"
    return write_wheel(directory, {name!r}, {version!r}, {{"{name}.py": module}}, {requires!r})
"""


def buildable(name, version="1.0", requires=(), needs=(), dynamic=(), prelude=None):
    """A source distribution that builds by a backend of its own, which may look around first.

    `prelude` defines examine(directory); what it returns is NAME.found in the installed module.
    `needs` are build requirements, `dynamic` those that only the running backend names."""
    backend = BACKEND.format(
        name=name,
        version=version,
        requires=list(requires),
        dynamic=list(dynamic),
        prelude=prelude or "def examine(directory): return None",
    )
    project = f"""
        [build-system]
        requires = {list(needs)!r}
        build-backend = "backend"
        backend-path = ["."]
    """
    files = {"pyproject.toml": textwrap.dedent(project), "backend.py": backend}
    return source(name, version, files)


class Index:
    """url wants USER and PASSWORD; every authorised request is in `requests`."""

    def __init__(self, tls=None):
        self.files = {}  # project -> {file name: bytes}
        self.links = {}  # project -> address of a file that lies elsewhere
        self.requests = []
        self.seen = []  # whoever asked for it
        self.refused = 0
        self.prefix = ""  # "/..." before every path: a token, as private indexes have it
        self.held = threading.Event()  # cleared: answers wait
        self.held.set()
        index = self
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                index.seen.append(self.path)
                if self.headers.get("Authorization") != wanted:
                    index.refused += 1
                    return self.answer(401, b"", {"WWW-Authenticate": "Basic"})
                index.requests.append(self.path)
                index.held.wait(60)
                return self.answer(*index.page(self.path))

            do_HEAD = do_GET

            def answer(self, status, body, headers=None):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://{self.host}{self.prefix}/simple"

    @property
    def url_with_password(self):
        return f"http://{USER}:{PASSWORD}@{self.host}{self.prefix}/simple"

    @property
    def env(self):
        """Variables with which uv knows this index and no other."""
        return {
            "UV_DEFAULT_INDEX": self.url_with_password,
            "UV_HTTP_RETRIES": "0",
            # A proxy of the machine's would not know our loopback.
            "NO_PROXY": "127.0.0.1",
        }

    def add(self, made):
        name, content = made
        self.files.setdefault(name.split("-")[0].replace("_", "-"), {})[name] = content

    def page(self, path):
        if not path.startswith(self.prefix):
            return 404, b"", {}
        parts = path[len(self.prefix) :].strip("/").split("/")
        if parts[0] == "simple" and parts[-1] in self.links:
            link = self.links[parts[-1]]
            page = f'<html><body><a href="{link}">{link.rsplit("/")[-1]}</a></body></html>'
            return 200, page.encode(), {"Content-Type": "text/html"}
        if parts[0] == "simple" and len(parts) == 2 and parts[1] in self.files:
            links = "".join(
                f'<a href="{self.prefix}/file/{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>'
                for name, content in self.files[parts[1]].items()
            )
            return 200, f"<html><body>{links}</body></html>".encode(), {"Content-Type": "text/html"}
        if parts[0] == "file":
            for project in self.files.values():
                if parts[1] in project:
                    return 200, project[parts[1]], {}
        return 404, b"", {}

    def close(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def serving(*packages):
    """An Index that has these, until the end of the block."""
    index = Index()
    for package in packages:
        index.add(package)
    try:
        yield index
    finally:
        index.close()


PROXY_USER, PROXY_PASSWORD = "gateway", "canary-proxy:41%"


class Proxy:
    """Another proxy, such as a company's: wants a password, and is alone in knowing `names`."""

    def __init__(self, **names):
        self.names = names  # host name -> port on loopback
        self.requests = []
        self.refused = 0
        credentials = base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()
        wanted = f"Proxy-Authorization: Basic {credentials}".encode()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    if not (line := self.rfile.readline()):
                        return
                    head += line
                method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
                if wanted not in head:
                    proxy.refused += 1
                    self.wfile.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                    return
                proxy.requests.append(f"{method} {target}")
                authority = target.removeprefix("http://").split("/")[0]
                port = proxy.names[authority.split(":")[0]]
                with socket.create_connection(("127.0.0.1", port)) as server:
                    if method == "CONNECT":
                        self.wfile.write(b"HTTP/1.1 200 Yes\r\n\r\n")
                    else:
                        server.sendall(head.replace(f"http://{authority}".encode(), b"", 1))
                    back = threading.Thread(target=proxy.copy, args=(server, self.request))
                    back.start()
                    proxy.copy(self.request, server)
                    back.join()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def copy(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @property
    def url(self):
        word = urllib.parse.quote(PROXY_PASSWORD, safe="")
        return f"http://{PROXY_USER}:{word}@127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
