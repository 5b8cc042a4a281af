# SPDX-License-Identifier: Apache-2.0
"""internal_network.py COMMAND...: runs it where an internal network seems to be.

Started in a network namespace of its own, as root of it: 169.254.169.254 is a metadata service,
10.99.0.1 another machine with a web and a name server. They live as long as the command.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import targets  # noqa: E402

PR_SET_PDEATHSIG = 1

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for address in ("169.254.169.254", "10.99.0.1"):
    subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
listeners = [socket.create_server((address, 80)) for address in ("169.254.169.254", "10.99.0.1")]
listeners.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
listeners[-1].bind(("10.99.0.1", 53))
if os.fork() > 0:
    for listener in listeners:
        listener.close()
    os.execvp(sys.argv[1], sys.argv[1:])
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
for stream in range(3):
    os.dup2(os.open("/dev/null", os.O_RDWR), stream)
for listener in listeners[1:]:
    threading.Thread(target=targets.answer, args=(listener,), daemon=True).start()
targets.answer(listeners[0])
