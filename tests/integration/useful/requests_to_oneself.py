# SPDX-License-Identifier: Apache-2.0
# with: httpx anyio
import http.server
import threading

import anyio
import httpx


async def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    async with httpx.AsyncClient() as client:
        reply = await client.get(f"http://127.0.0.1:{server.server_port}/")
    print(reply.status_code - 10)


anyio.run(main)
