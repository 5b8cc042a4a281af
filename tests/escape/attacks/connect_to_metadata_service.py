# SPDX-License-Identifier: Apache-2.0
# attack: asks the cloud's metadata service for the machine's credentials
# category: network
# inside: there is no way out of the box's network
# as: root
# outside: net
import socket

import attack

address = ("169.254.169.254", 80)
attack.try_to("connect", lambda: socket.create_connection(address, 2).recv(4))
