# SPDX-License-Identifier: Apache-2.0
"""The example for nginx, with nginx before a server: what it says holds."""

import contextlib
import hashlib
import json
import os
import shutil
import ssl
import subprocess

import pytest
import raw_http
from raw_http import FOREVER, legacy, modern, post
from support import IN_COMMAND_LINE, SOURCE, alive, soon

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
NAME = b"mcp.example.org"

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed")

MAIN = """
daemon off;
pid {here}/pid;
error_log {here}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {here}/body;
    proxy_temp_path {here}/proxy;
    fastcgi_temp_path {here}/fastcgi;
    uwsgi_temp_path {here}/uwsgi;
    scgi_temp_path {here}/scgi;
    include {here}/example.conf;
}}
"""


def example(server, here):
    """With the addresses and files of this test in the place of those of an installation."""
    text = (SOURCE / "examples/nginx.conf").read_text()
    for old, new in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{server.where[1]};",
        "listen 443 ssl http2;": f"listen unix:{here}/socket ssl http2;",
        "/etc/nginx/mcp.example.org.": f"{here}/mcp.",
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text


class Tls(raw_http.Connection):
    """Through the proxy, as somebody on the network would."""

    def __init__(self, where):
        super().__init__(where)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=NAME.decode())


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    directory = tmp_path_factory.mktemp("nginx")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mcp.example.org -keyout"
    files = [str(directory / "mcp.key"), "-out", str(directory / "mcp.pem")]
    subprocess.run([*make.split(), *files], check=True, stderr=subprocess.DEVNULL)
    return directory


def listens(path):
    """The file is there a moment before anybody listens."""
    try:
        raw_http.Connection(str(path)).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def nginx_before(server, here):
    (here / "example.conf").write_text(example(server, here))
    user = "user root;" if os.getuid() == 0 else ""
    (here / "nginx.conf").write_text(MAIN.format(here=here, user=user))
    nginx = subprocess.Popen(
        [NGINX, "-p", str(here), "-c", str(here / "nginx.conf")], stderr=subprocess.PIPE
    )
    try:
        soon(lambda: nginx.poll() is not None or listens(here / "socket"))
        assert nginx.poll() is None, nginx.stderr.read()
        yield str(here / "socket")
    finally:
        nginx.terminate()
        nginx.wait(60)
        (here / "socket").unlink(missing_ok=True)


@pytest.fixture
def proxy(cordon, state, here):
    with raw_http.Server(cordon, state, here) as server, nginx_before(server, here) as socket:
        yield socket


def through(data):
    return data.replace(b"Host: localhost", b"Host: " + NAME, 1)


def ask(proxy, data):
    with Tls(proxy) as connection:
        connection.send(through(data))
        return connection.reply()


def test_both_eras_come_through(proxy):
    assert len(ask(proxy, post(modern(1, "tools/list"))).json()["result"]["tools"]) >= 10
    about = {"capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    hello = legacy(0, "initialize", protocolVersion="2025-11-25", **about)
    session = ask(proxy, post(hello, {})).headers["mcp-session-id"]
    fields = {"Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"}
    assert ask(proxy, post(legacy(1, "ping"), fields)).json()["result"] == {}


def test_what_a_run_says_arrives_while_it_runs_and_it_ends_with_its_client(proxy):
    name = f"nginx-{os.urandom(8).hex()}"
    arguments = {"script_content": FOREVER, "args": [name], "timeout_seconds": 0}
    arguments["env_vars"] = IN_COMMAND_LINE
    call = modern(1, "tools/call", {"progressToken": "t"}, name=raw_http.RUN, arguments=arguments)
    connection = Tls(proxy)
    connection.send(through(post(call)))
    assert connection.head()[0] == 200
    assert connection.event()["params"]["message"] == "begun"
    assert alive(name)
    connection.close()
    soon(lambda: not alive(name))


def test_strangers_pages_and_what_is_not_mcp_stay_outside(proxy):
    tools = modern(1, "tools/list")
    for origin, status in {
        "https://mcp.example.org": 200,
        "https://evil.example": 403,
        "http://localhost": 403,
        "null": 403,
    }.items():
        fields = {**raw_http.headers_of(tools), "Origin": origin}
        assert ask(proxy, post(tools, fields)).status == status, origin
    outside = "/metrics", "/healthz", "/mcp/", "/mcp/../metrics", "/dashboard/../metrics"
    for path in *outside, "/", "/dashboard/main.js":
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        assert ask(proxy, head).status == (404 if path in outside else 200), path


def test_a_message_over_the_limit_is_refused_before_it_is_sent(proxy):
    with Tls(proxy) as connection:
        head = post(modern(1, "tools/list")).partition(b"\r\n\r\n")[0]
        length = head.index(b"Content-Length: ") + len(b"Content-Length: ")
        line = head.index(b"\r\n", length)
        connection.send(through(head[:length] + b"17000000" + head[line:] + b"\r\n\r\n"))
        assert connection.head()[0] == 413


def test_two_lengths_are_one_too_many(proxy):
    """Where a proxy and a server disagree about the end of a body, the rest is somebody else's."""
    for line in b"Transfer-Encoding: chunked", b"Content-Length: 5":
        data = post(modern(1, "tools/list")).replace(b"Accept:", line + b"\r\nAccept:", 1)
        assert ask(proxy, data).status in (400, 501), line


def test_tokens_come_through(cordon, state, here):
    token = "a-token-of-more-than-twenty-characters"
    tokens, config = here / "tokens", here / "config.json"
    tokens.write_text(f"ann {hashlib.sha256(token.encode()).hexdigest()} of a test\n")
    config.write_text(json.dumps({"http": {"tokens": str(tokens)}, "principals": {"ann": {}}}))
    for path in tokens, config:
        path.chmod(0o600)
    tools = modern(1, "tools/list")
    words = ("--http", "127.0.0.1:0", "--config", config)
    with raw_http.Server(cordon, state, here, *words) as server, nginx_before(server, here) as socket:
        nobody = ask(socket, post(tools))
        assert (nobody.status, nobody.headers["www-authenticate"][:6]) == (401, "Bearer")
        fields = {**raw_http.headers_of(tools), "Authorization": f"Bearer {token}"}
        assert ask(socket, post(tools, fields)).status == 200
        fields["Authorization"] += "x"
        assert ask(socket, post(tools, fields)).status == 401
