# SPDX-License-Identifier: Apache-2.0
"""usage: peer_library.py PACKAGE INTERPRETER. A library of PyPI that runs a command in a box, behind
lines of JSON-RPC: each request is one run of that interpreter with its `code`. It runs where the
library is installed, and needs nothing else."""

import json
import sys


def sandboxkit(interpreter):
    from sandboxkit import Sandbox

    box = Sandbox(strict=True, timeout=30)
    return lambda code: box.run_argv([interpreter, "-c", code]).stdout


def sandlock(interpreter):
    from sandlock import Sandbox

    readable = ["/usr", "/lib", "/lib64", "/etc", "/dev/urandom", "/dev/null", sys.base_prefix]
    if not interpreter.startswith("/usr/"):
        readable.append(interpreter.rsplit("/bin/", 1)[0])
    return lambda code: (
        Sandbox(fs_readable=readable).run([interpreter, "-c", code], timeout=30).stdout
    )


def main(package, interpreter):
    run = {"sandboxkit": sandboxkit, "sandlock": sandlock}[package](interpreter)
    for line in sys.stdin:
        request = json.loads(line)
        out = run(request["params"]["arguments"]["code"])
        text = out.decode() if isinstance(out, bytes) else str(out)
        result = {"content": [{"type": "text", "text": text}]}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
