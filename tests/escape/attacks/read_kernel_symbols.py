# SPDX-License-Identifier: Apache-2.0
# attack: reads where the kernel's functions lie, or how it was started and built
# category: side information
# inside: none of these files is there
import attack


def read():
    for file in ("/proc/kallsyms", "/proc/cmdline", "/proc/config.gz", "/proc/modules"):
        try:
            if open(file, "rb").read(8):
                return
        except OSError as problem:
            last = problem
    raise last


attack.try_to("read about the kernel", read)
