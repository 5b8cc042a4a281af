# SPDX-License-Identifier: Apache-2.0
# attack: connects to an abstract socket of the host; these have no file and so no permissions
# category: network
# inside: abstract names belong to the network namespace, and that is the box's own
# arguments: {abstract}
import socket
import sys

import attack

attack.try_to(
    "connect to an abstract socket",
    lambda: socket.socket(socket.AF_UNIX).connect("\0" + sys.argv[1]),
)
