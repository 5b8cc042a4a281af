# SPDX-License-Identifier: Apache-2.0
"""usage: load.py CLIENT BUILD [SECONDS]. How many requests for the list of tools a server answers over
connections that stay open: cordon's, and the official Python server with the very same tools.

CLIENT is load.c, compiled: one thread, which is told apart by its processor time. A server's figure
is given twice: as it was on this machine, which both and whatever else runs share, and divided by
the processor time that the server used, which is what one core to itself would answer.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import raw_http
import support

CONNECTIONS = (1, 16, 64)
STREAMS = 1000
TURNS = 3  # both alike meet a busy moment of the machine


class Reference:
    """The server of PyPI `mcp`, in a process of its own, without sessions and with answers in JSON:
    the leanest it offers."""

    def __init__(self, tools, directory):
        self.tools = Path(directory, "tools.json")
        self.tools.write_text(json.dumps(tools))
        command = [sys.executable, __file__, "reference", str(self.tools)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.where = ("127.0.0.1", int(self.process.stdout.readline()))

    def close(self):
        self.process.terminate()
        self.process.wait(60)


async def reference(path):
    import socket

    import uvicorn
    from mcp import types
    from mcp.server import Server

    tools = [types.Tool.model_validate(tool) for tool in json.loads(Path(path).read_text())]

    async def list_tools(context, params):
        return types.ListToolsResult(tools=tools)

    app = Server("reference", version="1", on_list_tools=list_tools).streamable_http_app(
        json_response=True, stateless_http=True
    )
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="error", access_log=False)
    await uvicorn.Server(config).serve([listener])


def cpu_seconds(pid):
    """Of a process and its children: what the front hands on counts too."""
    total = 0
    for one in (pid, *support.descendants(pid)):
        fields = Path("/proc", str(one), "stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def request_to(server):
    """The reference looks at the port too."""
    host, port = server.where
    return raw_http.post(raw_http.modern(1, "tools/list")).replace(
        b"Host: localhost", f"Host: {host}:{port}".encode()
    )


def measure(client, server, connections, seconds, request):
    request.write_bytes(request_to(server))
    pid = getattr(server, "front", server.pid)
    before = cpu_seconds(pid)
    command = [client, server.where[0], server.where[1], connections, seconds, request]
    out = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=True).stdout
    figures = json.loads(out)
    figures["server_cpu_seconds"] = cpu_seconds(pid) - before
    return figures


def together(runs):
    total = {key: sum(run[key] for run in runs) for key in runs[0]}
    middle = sorted(runs, key=lambda run: run["p50_us"])[len(runs) // 2]
    return {
        "rate": total["answered"] / total["seconds"],
        "rate_of_a_core": total["answered"] / max(total["server_cpu_seconds"], 0.01),
        "server": total["server_cpu_seconds"] / total["seconds"],
        "client": total["client_cpu_seconds"] / total["seconds"],
        "p50_us": middle["p50_us"],
        "p99_us": middle["p99_us"],
    }


def show(name, connections, row):
    print(
        f"{name:18} {connections:>5} {row['rate']:>9,.0f} {row['rate_of_a_core']:>13,.0f} "
        f"{row['server']:>8.0%} {row['client']:>8.0%} {row['p50_us']:>8,} {row['p99_us']:>8,}",
        flush=True,
    )


def show_streams(server):
    """The size of a server is that of its resident memory, with all that was used before."""
    raw_http.many_descriptors()
    before = raw_http.still(server.memory)
    streams = [server.listen() for _ in range(STREAMS)]
    more = raw_http.still(server.memory) - before
    whole = f"{(before + more) / 1e6:.1f} MB in all"
    print(f"\n{STREAMS:,} idle streams: {more / 1e6:.1f} MB more, {whole} (front and gate)")
    for stream in streams:
        stream.close()


def main(client, build, seconds):
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as cleanup:
        request = Path(directory, "request")
        with raw_http.Server(Path(build).resolve() / "cordon", Path(directory, "state"), "/") as ours:
            theirs = Reference(ours.tools(), directory)
            cleanup.callback(theirs.close)
            size = len(ours.ask(request_to(ours)).body)
            print(f"tools/list of 2026-07-28, {size:,} bytes of answer, on {os.cpu_count()} cores\n")
            print("server             conns     req/s  of one core   server   client   p50 us   p99 us")
            for connections in CONNECTIONS:
                runs = {"cordon": [], "mcp (Python)": []}
                for _ in range(TURNS):
                    for (name, found), server in zip(runs.items(), (ours, theirs)):
                        found.append(measure(client, server, connections, seconds, request))
                rows = {name: together(found) for name, found in runs.items()}
                for name, row in rows.items():
                    show(name, connections, row)
                ours_row, theirs_row = rows.values()
                times = ours_row["rate_of_a_core"] / theirs_row["rate_of_a_core"]
                print(f"{'':18} {times:.0f} times as many of one core")
            show_streams(ours)


if __name__ == "__main__":
    os.environ.setdefault("CORDON_UV", "/nonexistent")  # nothing is run
    if sys.argv[1] == "reference":
        asyncio.run(reference(sys.argv[2]))
    else:
        main(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 2)
