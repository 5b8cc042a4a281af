# SPDX-License-Identifier: Apache-2.0
# attack: learns the name of the host
# category: side information
# inside: the box has a name and an /etc of its own
# arguments: {nodename}
import os
import pathlib
import sys

import attack

name = sys.argv[1]
seen = [os.uname().nodename]
for file in ("/etc/hostname", "/etc/hosts", "/proc/sys/kernel/hostname"):
    try:
        seen += pathlib.Path(file).read_text().split()
    except OSError:
        pass
if name in seen:
    attack.worked("the host's name")
attack.stopped("the names here are others")
