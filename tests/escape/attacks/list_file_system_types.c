/* SPDX-License-Identifier: Apache-2.0 */
/* attack: sysfs(2) lists every file system that the kernel can mount
 * category: system calls
 * inside: the call is not there
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_sysfs, 3L) < 0)
        stopped("sysfs");
    worked("a number");
}
