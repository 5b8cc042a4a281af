# SPDX-License-Identifier: Apache-2.0
"""ask.py COMMAND...: what an MCP client does with a server over standard input, with nothing but
Python's own library; prints the standard output of the script that it has run.

ask.py --when FIFO COMMAND...: the call only when a line can be read there.
ask.py --unpack FILE.mcpb INTO, ask.py --bundle INTO: the same of a bundle, as its manifest says.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

VERSION = "2025-06-18"


def request(number, method, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


CONVERSATION = [
    request(
        1,
        "initialize",
        protocolVersion=VERSION,
        capabilities={},
        clientInfo={"name": "newcomer", "version": "1"},
    ),
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    request(
        2,
        "tools/call",
        name="py_run_script_with_dependencies",
        arguments={"script_content": "print(6 * 7)"},
    ),
]


def ask(command, env=None, when=None):
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as server:
        for message in CONVERSATION:
            if when and message.get("id") == 2:
                with open(when) as fifo:
                    fifo.readline()
            print(json.dumps(message), file=server.stdin, flush=True)
        for line in server.stdout:
            answer = json.loads(line)
            if answer.get("id") == 2:
                print(answer["result"]["structuredContent"]["stdout"], end="")
                break
        else:
            sys.exit("the server ended without an answer")
        server.stdin.close()
    return server.returncode


def unpack(bundle, into):
    with zipfile.ZipFile(bundle) as packed:
        for member in packed.infolist():
            path = packed.extract(member, into)
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                os.chmod(path, mode)


def ask_bundle(directory):
    """The client asks its user for what the manifest wants; this user says "here" to all of it."""
    directory = Path(directory).resolve()
    manifest = json.loads((directory / "manifest.json").read_text())
    server = manifest["server"]["mcp_config"]
    answers = {f"${{user_config.{name}}}": os.getcwd() for name in manifest.get("user_config", {})}
    answers["${__dirname}"] = str(directory)

    def filled(text):
        for name, answer in answers.items():
            text = text.replace(name, answer)
        return text

    own = {name: filled(value) for name, value in server.get("env", {}).items()}
    command = [filled(word) for word in [server["command"], *server.get("args", [])]]
    return ask(command, {**os.environ, **own})


if __name__ == "__main__":
    if sys.argv[1] == "--unpack":
        unpack(*sys.argv[2:])
    elif sys.argv[1] == "--bundle":
        sys.exit(ask_bundle(sys.argv[2]))
    elif sys.argv[1] == "--when":
        sys.exit(ask(sys.argv[3:], when=sys.argv[2]))
    else:
        sys.exit(ask(sys.argv[1:]))
