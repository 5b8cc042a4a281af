# SPDX-License-Identifier: Apache-2.0
# attack: reads the host's disk past its file system, as the root that started the box
# category: files
# inside: the box's /dev has no disks
# as: root
import glob
import os

import attack

disks = glob.glob("/dev/[vsx]d?") + glob.glob("/dev/xvd?") + glob.glob("/dev/nvme?n?")
if not disks:
    attack.stopped("there is no disk in /dev")
try:
    disk = open(disks[0], "rb")
except PermissionError:
    if "STAND_IN" in os.environ:
        attack.nothing_to_attack("this host keeps its disks from its root too")
    raise
attack.try_to("read the first sector", lambda: disk.read(512)[511])
