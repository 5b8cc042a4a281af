# SPDX-License-Identifier: Apache-2.0
# attack: connects to a daemon's socket in the host's /tmp (a container engine, a key agent)
# category: network
# inside: /tmp is the box's own
# arguments: {socket}
import socket
import sys

import attack

attack.try_to(
    "connect to a socket file", lambda: socket.socket(socket.AF_UNIX).connect(sys.argv[1])
)
