# SPDX-License-Identifier: Apache-2.0
# attack: overwrites the program it runs in, or another that the host will run again
# category: files
# inside: everything of the host's is mounted read-only and owned by nobody inside
# as: root
import os
import sys

import attack


def swap():
    for program in (
        os.path.realpath("/proc/self/exe"),
        os.path.realpath(sys.executable),
        "/usr/bin/env",
    ):
        try:
            # Opened without truncating; ETXTBSY of a running program is not a wall either.
            os.close(os.open(program, os.O_WRONLY))
            return
        except OSError as problem:
            last = problem
    raise last


attack.try_to("open a program for writing", swap)
