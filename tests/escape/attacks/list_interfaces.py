# SPDX-License-Identifier: Apache-2.0
# attack: learns the host's network interfaces and their addresses
# category: network
# inside: the box has a loopback and nothing else
import fcntl
import socket

import attack


def look():
    # Asking each is what tells: names alone may be there for other reasons.
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for name in ("eth0", "ens3", "enp1s0", "wlan0"):
        try:
            fcntl.ioctl(asked, 0x8927, name.encode().ljust(256, b"\0"))
            return
        except OSError as problem:
            last = problem
    raise last


attack.try_to("read a hardware address", look)
