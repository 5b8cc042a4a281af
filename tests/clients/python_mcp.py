# SPDX-License-Identifier: Apache-2.0
"""usage: python_mcp.py mcp|fastmcp ERA stdio|http TARGET. What matrix.py asks of every client, with the
2.x interface of PyPI `mcp`, or with `fastmcp`'s own."""

import asyncio
import json
import os
import sys
from importlib.metadata import version

RUN = "py_run_script_with_dependencies"


def connect_mcp(era, way, target):
    from mcp import Client, StdioServerParameters

    if way == "stdio":
        target = StdioServerParameters(command=target, args=["serve"], env=dict(os.environ))
    return Client(target, mode=era)


def connect_fastmcp(era, way, target):
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    if way == "stdio":
        target = StdioTransport(command=target, args=["serve"], env=dict(os.environ))
    return Client(target, mode=era)


async def tell_mcp(client, seen):
    seen["wire"] = client.protocol_version
    seen["tools"] = len((await client.list_tools()).tools)

    async def call(tool, heard=None, **arguments):
        result = await client.call_tool(tool, arguments, progress_callback=heard)
        return result.structured_content

    await tell(call, seen)


async def tell_fastmcp(client, seen):
    seen["wire"] = client.protocol_version
    seen["tools"] = len(await client.list_tools())

    async def call(tool, heard=None, **arguments):
        result = await client.call_tool(tool, arguments, progress_handler=heard)
        return result.structured_content

    await tell(call, seen)


async def tell(call, seen):
    seen["run"] = (await call(RUN, script_content="print(6 * 7)"))["stdout"]

    heard = []
    begun = asyncio.Event()

    async def progress(current, total, message):
        heard.append(current)
        begun.set()

    await call(RUN, progress, script_content=os.environ["STEPS"])
    seen["progress"] = len(heard)

    begun.clear()
    label = os.environ["LABEL"]
    running = asyncio.create_task(
        call(RUN, progress, script_content=os.environ["FOREVER"], job_label=label)
    )
    await begun.wait()
    running.cancel()
    seen["cancel"] = "running"
    while seen["cancel"] == "running":
        jobs = (await call("py_list_jobs"))["jobs"]
        seen["cancel"] = next(job["status"] for job in jobs if job["label"] == label)


async def main(package, era, way, target):
    seen = {"version": version(package)}
    connect, talk = globals()[f"connect_{package}"], globals()[f"tell_{package}"]
    async with connect(era, way, target) as client:
        await talk(client, seen)
    print(json.dumps(seen))


asyncio.run(main(*sys.argv[1:]))
