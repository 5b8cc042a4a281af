# SPDX-License-Identifier: Apache-2.0
"""TLS by cordon itself, where it was built with it; CORDON_TLS_BUILD names such a build."""

import json
import os
import ssl
import subprocess
from pathlib import Path

import pytest
import support
import web
from web import Connection


def made(cordon):
    """A program with TLS, or none: the one that is tested, else that of the developers' build."""
    beside = support.SOURCE / "build/dev/cordon"
    for program in [Path(os.environ.get("CORDON_TLS_BUILD", "/none")), cordon, beside]:
        if os.access(program, os.R_OK | os.X_OK) and b"TLS_server_method" in program.read_bytes():
            return program
    return None


@pytest.fixture
def certificate(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return tmp_path / "certificate", tmp_path / "key"


@pytest.fixture
def start_tls(cordon, state, tmp_path):
    """start_tls(CERTIFICATE, KEY) -> a server that speaks TLS."""
    program = made(cordon)
    if not program:
        pytest.skip("no build with TLS is here")
    servers = []

    def start(certificate, key):
        config = tmp_path / "config.json"
        tls = {"certificate": str(certificate), "key": str(key)}
        config.write_text(json.dumps({"http": {"tls": tls}}))
        servers.append(web.serve(program, state, tmp_path, "--config", config))
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop() == 0


class Secure(Connection):
    def __init__(self, server, certificate, **options):
        super().__init__(server)
        context = ssl.create_default_context(cafile=certificate)
        for name, value in options.items():
            setattr(context, name, value)
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")


def test_both_eras_over_tls(start_tls, certificate, tmp_path):
    server = start_tls(*certificate)
    with Secure(server, certificate[0]) as connection:
        assert connection.socket.selected_alpn_protocol() == "http/1.1"
        assert connection.socket.version() == "TLSv1.3"
        for number in range(3):
            connection.modern(number, "tools/list")
            status, reply = connection.reply()
            assert status == 200 and len(reply["result"]["tools"]) >= 10
        connection.post(web.initialize())
        assert connection.reply()[0] == 200
        headers = {"Mcp_Session_Id": connection.headers["mcp-session-id"]}
        connection.request("GET", "/mcp", Accept="text/event-stream", **headers)
        assert connection.head() == 200
        assert next(connection.events())["data"] == ""
    old = ssl.TLSVersion.TLSv1_2
    with Secure(server, certificate[0], maximum_version=old) as connection:
        message, headers = web.modern(1, "tools/list", x="y" * 1000000)
        connection.post(message, **headers)
        assert connection.reply()[0] == 200


def test_a_client_that_goes_cancels_its_run_over_tls(start_tls, certificate, workspace):
    server = start_tls(*certificate)
    code = "import time; open('running', 'w').close(); time.sleep(300)"
    arguments = {"directory": str(workspace), "script_content": code, "args": [f"tls-{workspace}"]}
    arguments["env_vars"] = support.IN_COMMAND_LINE
    connection = Secure(server, certificate[0])
    connection.modern(1, "tools/call", name="py_run_script_in_dir", arguments=arguments)
    support.soon((workspace / "running").exists)
    assert support.alive(f"tls-{workspace}")
    connection.close()
    support.soon(lambda: not support.alive(f"tls-{workspace}"))


def test_what_is_refused_over_tls_is_told(start_tls, certificate):
    server = start_tls(*certificate)
    with Secure(server, certificate[0]) as connection:
        connection.modern(1, "tools/list")
        assert connection.reply()[0] == 200
        connection.send(b"GET / HTTP/2.0\r\n\r\n")
        assert connection.head() == 505
    with Connection(server) as plain:
        plain.request("GET", "/healthz")
        with pytest.raises((EOFError, UnicodeDecodeError, IndexError, ValueError)):
            plain.head()
    with Secure(server, certificate[0]) as connection:
        connection.request("GET", "/healthz")
        assert connection.reply() == (200, "ok\n")


def test_a_certificate_that_cannot_be_used(cordon, certificate, tmp_path, state):
    program = made(cordon)
    if not program:
        pytest.skip("no build with TLS is here")
    good, key = certificate
    bad = tmp_path / "bad"
    bad.write_text("nothing")
    for paths, words in [
        ((tmp_path / "absent", key), "read the certificate"),
        ((bad, key), "read the certificate"),
        ((good, bad), "read the key"),
    ]:
        config = tmp_path / "config.json"
        tls = {"certificate": str(paths[0]), "key": str(paths[1])}
        config.write_text(json.dumps({"http": {"tls": tls}}))
        result = subprocess.run(
            [program, "serve", "--http", "127.0.0.1:0", "--config", config],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=support.clean_environment(CORDON_STATE=str(state)),
            timeout=60,
        )
        assert result.returncode == 125
        assert f"http.tls: {words}" in result.stderr.decode()
