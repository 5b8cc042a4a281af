# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the Python suites.

The programs under test are those in CORDON_BUILD (build/release without it), uv is CORDON_UV. The
suites run as whoever starts them; ./dev test starts them as root and as an ordinary user.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import support


def pytest_report_header():
    return f"cordon: {build()} as uid {os.getuid()}"


def build():
    return Path(os.environ.get("CORDON_BUILD", support.SOURCE / "build/release")).resolve()


def pytest_configure():
    # The background of a shell and nohup ignore these, and so would every program under test: a
    # handler that does nothing is not inherited.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    if "CORDON_UV" not in os.environ:
        import uv

        os.environ["CORDON_UV"] = uv.find_uv_bin()


@pytest.fixture(scope="session")
def cordon():
    """The program under test."""
    program = build() / "cordon"
    assert program.exists(), f"{program} is not there: build first, or set CORDON_BUILD"
    return program


@pytest.fixture(scope="session")
def state(tmp_path_factory):
    """The suite's own state directory: environments made by one test serve the others."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def start(cordon, state):
    """start(*ARGUMENTS) -> Popen of cordon with pipes in a clean environment; killed at the end."""
    running = []

    def start(*arguments, env=None, cwd="/", stdin=subprocess.PIPE, **options):
        environment = support.clean_environment(CORDON_STATE=str(state), **(env or {}))
        process = subprocess.Popen(
            [str(cordon), *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            **options,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def run(start):
    """run(*ARGUMENTS, input=b"") -> Result of cordon."""

    def run(*arguments, input=None, timeout=120, **options):
        return support.finish(start(*arguments, **options), input, timeout)

    return run


@pytest.fixture
def python(run):
    """python(CODE, *OPTIONS, arguments=[]) -> Result of that code in a box."""

    def python(code, *options, arguments=(), **more):
        return run("run", *options, "-c", code, *arguments, **more)

    return python


@pytest.fixture
def serve(cordon, state, tmp_path):
    """serve(*ARGUMENTS) -> RawClient of a server started in a directory of its own, initialized."""
    clients = []

    def serve(*arguments, env=None, cwd=tmp_path, initialize=True):
        # The front's cage forbids what a leak checker does at the end.
        own = {"CORDON_STATE": str(state), "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        environment = support.clean_environment(**own)
        client = support.RawClient([str(cordon), "serve", *map(str, arguments)], environment, cwd)
        clients.append(client)
        if initialize:
            client.initialize()
        return client

    yield serve
    for client in clients:
        if client.process.poll() is None:
            client.process.kill()
        client.process.wait()


@pytest.fixture
def client(serve):
    """Of a server that, whatever was sent, lives to the end and writes nothing but protocol."""
    client = serve()
    yield client
    assert client.request("last", "ping")["result"] == {}
    assert client.garbage == []
    assert client.close() == 0


@pytest.fixture
def real_client(cordon, state, tmp_path):
    """real_client(WORK) -> what the coroutine WORK(CLIENT) returns, with the official client of a
    server that is started in a directory of its own."""
    import asyncio

    from mcp import Client, StdioServerParameters

    async def talk(work, mode):
        environment = support.clean_environment(CORDON_STATE=str(state))
        server = StdioServerParameters(
            command=str(cordon), args=["serve"], env=environment, cwd=tmp_path
        )
        async with Client(server, mode=mode) as client:
            return await work(client)

    def real_client(work, mode="auto"):
        return asyncio.run(asyncio.wait_for(talk(work, mode), 180))

    return real_client


@pytest.fixture
def web(cordon, state, tmp_path):
    """web(*ARGUMENTS) -> a server over HTTP, on a free port of 127.0.0.1 unless they say another
    place; started in a directory of its own, ended with the test."""
    import web

    servers = []

    def start(*arguments, **options):
        servers.append(web.serve(cordon, state, tmp_path, *arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def workspace(tmp_path):
    """A directory that a script may write; it belongs to whoever runs the suite."""
    directory = tmp_path / "workspace"
    directory.mkdir()
    return directory


@pytest.fixture
def at_home():
    """A directory in the caller's home, which no box may see."""
    directory = Path(
        tempfile.mkdtemp(prefix=".cordon-test-", dir=os.environ.get("HOME") or Path.home())
    )
    yield directory
    shutil.rmtree(directory)
