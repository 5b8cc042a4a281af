# SPDX-License-Identifier: Apache-2.0
# attack: connects to a service on the host's loopback, which trusts whoever can
# category: network
# inside: the loopback is the box's own and empty
# arguments: {port}
import socket
import sys

import attack

attack.try_to(
    "connect to 127.0.0.1",
    lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).recv(4),
)
