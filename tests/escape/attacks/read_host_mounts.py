# SPDX-License-Identifier: Apache-2.0
# attack: reads how the host's disks are mounted, from its own table of mounts
# category: side information
# inside: the table has the box's mounts only
import attack

with open("/proc/self/mountinfo") as file:
    places = {line.split()[4] for line in file}
if places & {"/boot", "/home", "/var", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/run"}:
    attack.worked("mounts of the host")
attack.stopped("only mounts of the box")
