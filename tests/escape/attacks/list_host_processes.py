# SPDX-License-Identifier: Apache-2.0
# attack: lists the processes of the host and their command lines
# category: side information
# inside: there are only the box's own
import pathlib

import attack


def look():
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"sleep" in file.read_bytes():
                return
        except OSError:
            pass
    raise OSError("nobody sleeps here")


attack.try_to("find somebody else", look)
