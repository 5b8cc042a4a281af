# SPDX-License-Identifier: Apache-2.0
# attack: makes the caller's file, given as standard input for reading, writable for everybody
# category: files
# inside: a descriptor of the host's is never the payload's own
# caller: file
import os

import attack


def change():
    try:
        os.fchmod(0, 0o666)
    except OSError:
        os.utime(0, (1, 1))


attack.try_to("change the caller's file", change)
