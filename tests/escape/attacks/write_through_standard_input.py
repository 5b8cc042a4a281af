# SPDX-License-Identifier: Apache-2.0
# attack: opens its standard input, a file the caller gave for reading, anew for writing
# category: files
# inside: a stream takes the place of the file
# caller: file
import os
import stat

import attack

if not stat.S_ISREG(os.fstat(0).st_mode):
    attack.stopped("a stream and no file of the caller's")

attack.try_to("reopen", lambda: os.close(os.open("/proc/self/fd/0", os.O_WRONLY)))
