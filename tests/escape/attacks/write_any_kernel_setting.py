# SPDX-License-Identifier: Apache-2.0
# attack: opens any file under /proc or /sys for writing that is not its own process's
# category: files
# inside: there are only the box's processes, and no /sys
# as: root
import os

import attack

OWN = {"self", "thread-self", str(os.getpid())}


def open_one():
    for top in ("/proc", "/sys"):
        for where, directories, files in os.walk(top):
            if where == "/proc":
                directories[:] = sorted(set(directories) - OWN, key=str.isdigit)
            for name in files:
                try:
                    # Opening decides; nothing is written.
                    os.close(os.open(os.path.join(where, name), os.O_WRONLY | os.O_NONBLOCK))
                    return
                except OSError:
                    pass
    raise OSError("none of them")


attack.try_to("open a setting for writing", open_one)
