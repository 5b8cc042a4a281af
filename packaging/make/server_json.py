# SPDX-License-Identifier: Apache-2.0
"""server_json.py INTO: INTO/server.json, by which the MCP registry knows this server.

Bundles are named by where they can be downloaded: CORDON_DOWNLOADS, the address of the directory
that what lies in INTO is put into. Without it only the package of PyPI is named.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import common


def bundle_entry(path, downloads):
    return {
        "registryType": "mcpb",
        "identifier": f"{downloads.rstrip('/')}/{path.name}",
        "version": common.VERSION,
        "fileSha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "transport": {"type": "stdio"},
    }


def server_of(into, downloads):
    server = json.loads(common.filled("mcpb/server.json"))
    if downloads:
        bundles = sorted(into.glob(f"cordon-{common.VERSION}-linux-*.mcpb"))
        server["packages"] += [bundle_entry(path, downloads) for path in bundles]
    return server


def main(into):
    into = Path(into)
    server = server_of(into, os.environ.get("CORDON_DOWNLOADS"))
    unfinished = into / f"server.json{common.UNFINISHED}"
    unfinished.write_text(json.dumps(server, indent=2) + "\n")
    unfinished.replace(into / "server.json")
    print(into / "server.json")


if __name__ == "__main__":
    main(sys.argv[1])
