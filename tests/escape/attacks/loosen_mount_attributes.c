/* SPDX-License-Identifier: Apache-2.0 */
/* attack: mount_setattr takes read-only, nosuid and nodev from a mount
 * category: files
 * inside: mount_setattr is not there
 * as: root
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct {
        uint64_t set, clear, propagation, userns;
    } attributes = { .clear = 1 | 2 | 4 };
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/tmp", 0L, &attributes, sizeof(attributes)) < 0)
        stopped("mount_setattr");
    worked("the mount is read-write, suid and dev");
}
