# SPDX-License-Identifier: Apache-2.0
"""usage: command_line.py inspector|mcporter|mcpc BIN ERA stdio|http TARGET. What matrix.py asks of every
client, of those that are programs for a shell; BIN is npm's directory of programs.

None of them shows progress as it comes. What they can do is ask: for a job's progress, and to have
it cancelled. Two of them start a server for each command over stdio, which ends with it: there,
interrupting the client is how its call is cancelled.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUN = "py_run_script_with_dependencies"
LABEL = os.environ["LABEL"]


class Inspector:
    package, program, keeps_server = "@modelcontextprotocol/inspector", "mcp-inspector", False

    def __init__(self, program, era, way, target):
        where = [target, "serve"] if way == "stdio" else [target, "--transport", "http"]
        self.base = [program, "--cli", *where, "--protocol-era", era, "--format", "json"]

    def tools(self):
        return answered(self.base + ["--method", "tools/list"])["result"]["tools"]

    def command(self, tool, arguments):
        named = ["--method", "tools/call", "--tool-name", tool]
        return self.base + named + ["--tool-args-json", json.dumps(arguments)]

    def result(self, answer):
        return answer["result"]["structuredContent"]

    def close(self):
        pass


class Mcporter:
    package, program, keeps_server = "mcporter", "mcporter", False

    def __init__(self, program, era, way, target):
        self.program = program
        self.where = ["--http-url", target, "--allow-http", "--name", "cordon"]
        if way == "stdio":
            self.where = ["--stdio", f"{target} serve", "--name", "cordon"]

    def tools(self):
        return answered([self.program, "list", *self.where, "--json"])["tools"]

    def command(self, tool, arguments):
        given = ["--args", json.dumps(arguments), "--output", "json"]
        return [self.program, "call", *self.where, tool, *given]

    def result(self, answer):
        return answer

    def close(self):
        pass


class Mcpc:
    package, program, keeps_server = "@apify/mcpc", "mcpc", True

    def __init__(self, program, era, way, target):
        self.program, self.session = program, f"@{LABEL}"
        if way == "stdio":
            servers = Path(os.environ["HOME"], "servers.json")
            server = {"command": target, "args": ["serve"], "env": dict(os.environ)}
            servers.write_text(json.dumps({"mcpServers": {"cordon": server}}))
            target = f"{servers}:cordon"
        # Its helper has five seconds of its own to start, which a busy machine does not always give.
        for last in False, False, True:
            try:
                answered([program, "connect", target, self.session, "--json"])
                return
            except subprocess.CalledProcessError:
                if last:
                    raise

    def tools(self):
        return answered([self.program, self.session, "tools-list", "--json"])

    def command(self, tool, arguments):
        return [self.program, self.session, "tools-call", tool, json.dumps(arguments), "--json"]

    def result(self, answer):
        return answer["structuredContent"]

    def close(self):
        subprocess.run([self.program, "close", self.session], stdout=subprocess.DEVNULL, check=True)


def answered(command):
    """What the command says, as JSON; what stands before that is the client's own greeting."""
    out = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode()
    start = min(at for at in (out.find("{"), out.find("[")) if at >= 0)
    return json.JSONDecoder().raw_decode(out[start:])[0]


def job(client, wanted):
    """The job of our label, once `wanted` is true of it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for one in call(client, "py_list_jobs")["jobs"]:
            if one["label"] == LABEL and wanted(one):
                return one
    raise AssertionError("the job was never seen so")


def call(client, tool, **arguments):
    return client.result(answered(client.command(tool, arguments)))


def ended(one):
    return one["status"] not in ("pending", "running")


def leave(client):
    """A call is begun and its client interrupted: its server ends, and the run with it."""
    forever = {"script_content": os.environ["FOREVER"], "job_label": LABEL}
    process = subprocess.Popen(client.command(RUN, forever), stdout=subprocess.DEVNULL)
    job(client, lambda one: one["progress"])
    process.send_signal(signal.SIGINT)
    process.wait(60)
    job(client, ended)
    return "by leaving"


def ask(client, seen):
    """The same with a job and the tools about jobs."""
    call(client, RUN, script_content=os.environ["FOREVER"], job_label=LABEL, async_mode=True)
    one = job(client, lambda one: one["progress"])
    seen["progress"] = f"asked for: {one['progress']['current']:g} of {one['progress']['total']:g}"
    return call(client, "py_cancel_job", job_id=one["id"])["status"]


def main(name, programs, era, way, target):
    kind = {"inspector": Inspector, "mcporter": Mcporter, "mcpc": Mcpc}[name]
    manifest = Path(programs, "..", kind.package, "package.json")
    seen = {"version": json.loads(manifest.read_text())["version"], "progress": "not shown"}
    client = kind(str(Path(programs, kind.program)), era, way, target)
    try:
        seen["tools"] = len(client.tools())
        seen["run"] = call(client, RUN, script_content="print(6 * 7)")["stdout"]
        if way == "http" or kind.keeps_server:
            seen["cancel"] = ask(client, seen)
        else:
            seen["cancel"] = leave(client)
    finally:
        client.close()
    print(json.dumps(seen))


with tempfile.TemporaryDirectory() as home:
    os.environ["HOME"] = home  # where some keep sessions, and settings of other hosts are not
    main(*sys.argv[1:])
