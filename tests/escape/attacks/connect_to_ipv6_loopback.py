# SPDX-License-Identifier: Apache-2.0
# attack: connects to a service on ::1, which filters for 127.0.0.1 forget
# category: network
# inside: the loopback is the box's own and empty
# arguments: {port6}
import socket
import sys

import attack

port = int(sys.argv[1])
if not port:
    attack.nothing_to_attack("this host has no IPv6")
attack.try_to("connect to ::1", lambda: socket.create_connection(("::1", port), 5).recv(4))
