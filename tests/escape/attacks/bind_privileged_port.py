# SPDX-License-Identifier: Apache-2.0
# attack: takes a port below 1024 on the host, as a trusted service would
# category: network
# inside: the ports of the box are its own and lead nowhere
# as: root
import socket

import attack

attack.try_to("bind port 79", lambda: socket.socket().bind(("127.0.0.1", 79)))
