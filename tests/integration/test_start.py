# SPDX-License-Identifier: Apache-2.0
"""What a server needs to be there. How long it takes to start is for the benchmark to say."""

import support

IDLE_KIB = 8192


def resident_kib(pid):
    return int(support.status(pid)["VmRSS"].split()[0])


def test_an_idle_server_is_small(serve):
    server = serve()
    assert len(server.request(1, "tools/list")["result"]["tools"]) == 10
    if b"cage-off" in server.log:
        return  # a build with sanitizers: their shadow is most of it
    both = [server.pid, *support.children(server.pid)]
    assert len(both) == 2
    assert sum(map(resident_kib, both)) <= IDLE_KIB
