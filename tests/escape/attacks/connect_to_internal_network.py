# SPDX-License-Identifier: Apache-2.0
# attack: connects to another machine of the host's internal network
# category: network
# inside: there is no way out of the box's network
# as: root
# outside: net
import socket

import attack

address = ("10.99.0.1", 80)
attack.try_to("connect", lambda: socket.create_connection(address, 2).recv(4))
