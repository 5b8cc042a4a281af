# SPDX-License-Identifier: Apache-2.0
import asyncio


async def serve(reader, writer):
    writer.write(await reader.readexactly(3))
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"190")
    answer = (await reader.read()).decode()
    child = await asyncio.create_subprocess_exec("/bin/true")
    assert await child.wait() == 0
    print(answer)


asyncio.run(main())
