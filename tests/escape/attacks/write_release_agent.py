# SPDX-License-Identifier: Apache-2.0
# attack: opens a cgroup's release_agent, which the host runs as root (CVE-2022-0492)
# category: files
# inside: no cgroup file system is there
# as: root
import glob
import os

import attack

agents = glob.glob("/sys/fs/cgroup/*/release_agent") + glob.glob("/sys/fs/cgroup/release_agent")
if not agents:
    if "STAND_IN" in os.environ:
        attack.nothing_to_attack("this host has no cgroup v1")
    attack.stopped("there is no cgroup file system")
attack.try_to("open release_agent", lambda: os.close(os.open(agents[0], os.O_WRONLY)))
