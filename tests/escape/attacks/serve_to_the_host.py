# SPDX-License-Identifier: Apache-2.0
# attack: serves on the host's loopback, for the host's programs to trust and connect to
# category: network
# inside: what listens in a box cannot be reached from the host
# parties: together
# receiver: outside
import socket

import attack

PORT = 48123
if attack.sending():
    listener = socket.create_server(("127.0.0.1", PORT))
    attack.sent()
attack.try_to("connect to it", lambda: socket.create_connection(("127.0.0.1", PORT), 2))
