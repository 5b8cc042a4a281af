# SPDX-License-Identifier: Apache-2.0
"""usage: one_call.py CORDON. One call with the 1.x interface of PyPI `mcp`, which many hosts still
have; the 2.x one is in examples/client.py."""

import asyncio
import os
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(cordon):
    server = StdioServerParameters(command=cordon, args=["serve"], env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        hello = await session.initialize()
        tools = {tool.name for tool in (await session.list_tools()).tools}
        assert {"py_run_script_in_dir", "py_run_script_with_dependencies"} <= tools, tools
        result = await session.call_tool(
            "py_run_script_with_dependencies", {"script_content": "print(6 * 7)"}
        )
        assert not result.isError, result
        assert result.structuredContent["stdout"] == "42\n", result
        print(hello.protocolVersion)


asyncio.run(main(sys.argv[1]))
