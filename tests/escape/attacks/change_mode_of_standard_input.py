# SPDX-License-Identifier: Apache-2.0
# attack: makes the caller's file, given as standard input for reading, writable for everybody
# category: files
# inside: a stream takes the place of the file
# caller: file
import os
import stat

import attack

if not stat.S_ISREG(os.fstat(0).st_mode):
    attack.stopped("a stream and no file of the caller's")


def change():
    try:
        os.fchmod(0, 0o666)
    except OSError:
        os.utime(0, (1, 1))


attack.try_to("change the caller's file", change)
