# SPDX-License-Identifier: Apache-2.0
import asyncio
import sys


async def main():
    code = "import sys; print(int(sys.stdin.readline()) * 10)"
    children = [
        await asyncio.create_subprocess_exec(
            *[sys.executable, "-c", code],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    answers = await asyncio.gather(*(child.communicate(b"19\n") for child in children))
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, sum, range(20)) == 190
    print({int(out) for out, _ in answers}.pop())


asyncio.run(main())
