# SPDX-License-Identifier: Apache-2.0
# attack: reads the memory of the kernel and everybody's through /dev/mem or /proc/kcore
# category: files
# inside: neither is there
# as: root
import os

import attack

FILES = ("/dev/mem", "/proc/kcore", "/dev/port")


def read():
    for file in FILES:
        try:
            os.close(os.open(file, os.O_RDONLY))
            return
        except OSError as problem:
            last = problem
    raise last


if "STAND_IN" in os.environ and not any(map(os.path.exists, FILES)):
    attack.nothing_to_attack("this kernel shows its memory nowhere")
attack.try_to("open kernel memory", read)
