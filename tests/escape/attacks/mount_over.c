/* SPDX-License-Identifier: Apache-2.0 */
/* attack: mounts something, with what it has or in a user namespace of its own
 * category: privileges
 * inside: no capability, no new user namespace, and the calls are not there
 */
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0)
        worked("mount with the rights it was given");
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        stopped("mount, and unshare");
    if (mount("none", "/tmp", "tmpfs", 0, NULL) < 0)
        stopped("mount in a namespace of its own");
    worked("mount in a namespace of its own");
}
