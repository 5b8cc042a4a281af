# SPDX-License-Identifier: Apache-2.0
# attack: asks a service on the host's loopback by datagram, as one asks a resolver
# category: network
# inside: the loopback is the box's own: nobody answers
# arguments: {udp}
import socket
import sys

import attack


def ask():
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.settimeout(1)
    asked.connect(("127.0.0.1", int(sys.argv[1])))
    asked.send(b"who?")
    asked.recv(4)


attack.try_to("ask by datagram", ask)
