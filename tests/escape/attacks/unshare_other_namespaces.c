/* SPDX-License-Identifier: Apache-2.0 */
/* attack: unshare with what root has: mount, network, pid, time, cgroup
 * category: privileges
 * inside: refused: no capability, and the call is not there
 * as: root
 */
#include <sched.h>

#include "attack.h"

int main(void)
{
    if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWPID) < 0 &&
        unshare(CLONE_NEWCGROUP) < 0)
        stopped("unshare");
    worked("a namespace of its own");
}
