# SPDX-License-Identifier: Apache-2.0
# attack: opens its standard input, a file the caller gave for reading, anew for writing
# category: files
# inside: the file lies outside what may be written, whichever way leads to it
# caller: file
import os

import attack

attack.try_to("reopen", lambda: os.close(os.open("/proc/self/fd/0", os.O_WRONLY)))
