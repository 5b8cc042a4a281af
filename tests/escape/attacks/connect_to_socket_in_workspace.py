# SPDX-License-Identifier: Apache-2.0
# attack: connects to a daemon's socket that lies in the workspace (a language server, a database)
# category: network
# inside: connecting to a socket file of the host's is refused
# arguments: {workspace}
# options: --directory {workspace}
# outside: disk
# open: before Landlock ABI 9 (Linux 7.1) nothing decides on connecting to a socket file by its path
import os
import socket
import sys

import attack

os.chdir(sys.argv[1])
attack.try_to(
    "connect to a socket file", lambda: socket.socket(socket.AF_UNIX).connect("daemon.socket")
)
