# SPDX-License-Identifier: Apache-2.0
# attack: reads in which control group of the host it is, which names its service
# category: side information
# inside: the box is at the top of its own view
import os

import attack

with open("/proc/self/cgroup") as file:
    groups = {line.strip().split(":", 2)[2] for line in file}
if groups == {"/"} and "STAND_IN" in os.environ:
    attack.nothing_to_attack("this host's shell is at the top itself")
if groups != {"/"}:
    attack.worked("the host's names")
attack.stopped("everything is at the top")
