# SPDX-License-Identifier: Apache-2.0
import os
import select
import selectors

pipes = [os.pipe() for _ in range(19)]
poll = select.epoll()
with selectors.DefaultSelector() as selector:
    for reader, writer in pipes:
        poll.register(reader, select.EPOLLIN)
        selector.register(reader, selectors.EVENT_READ)
        os.write(writer, b"x")
    ready = len(selector.select(5))
assert len(poll.poll(5)) == ready == len(select.select([p[0] for p in pipes], [], [], 5)[0])
print(ready * 10)
