# SPDX-License-Identifier: Apache-2.0
"""A whole MCP client: starts `cordon serve`, runs one script in a box, shows what came back.

usage: client.py CORDON SCRIPT [DEPENDENCY...]   (CORDON: `cordon` as on PATH, or its file)
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

from mcp import Client, StdioServerParameters

# The client library hands on next to nothing of our environment. What the *server* may use: uv, the
# state directory, and the operator's index, proxy and certificate settings. No script sees them.
OPERATOR = (
    "CORDON_",
    "UV_",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "XDG_",
)


async def main(cordon, script, dependencies):
    settings = {
        name: value for name, value in os.environ.items() if name.upper().startswith(OPERATOR)
    }
    server = StdioServerParameters(
        command=shutil.which(cordon) or cordon, args=["serve"], env=settings
    )
    async with Client(server) as client:
        tools = await client.list_tools()
        print("tools:", ", ".join(tool.name for tool in tools.tools), file=sys.stderr)
        arguments = {"script_content": Path(script).read_text()}
        if dependencies:
            arguments["dependencies"] = dependencies
        print(f"runs {script} with py_run_script_with_dependencies", file=sys.stderr)
        reply = await client.call_tool("py_run_script_with_dependencies", arguments)
    result = reply.structured_content
    if result is None:
        print(*(block.text for block in reply.content), file=sys.stderr)
        return 125
    print(json.dumps(result, indent=2))
    print("\nwhat the script printed:\n" + result["stdout"], end="", file=sys.stderr)
    return result["exit_code"]


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:])))
