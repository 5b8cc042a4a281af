# SPDX-License-Identifier: Apache-2.0
# attack: reads the caller's path of the file that is its standard input
# category: side information
# inside: a stream of bytes has no path
# caller: file
import os

import attack

if "readable" in os.readlink("/proc/self/fd/0"):
    attack.worked("the caller's path")
attack.stopped("no path of the caller's")
