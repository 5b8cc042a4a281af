/* SPDX-License-Identifier: Apache-2.0 */
/* attack: calls by a number with rubbish in the upper half, which the kernel cuts off
 * category: system calls
 * inside: the filter sees what the kernel sees
 */
#include <sched.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    long r = syscall((long)(SYS_unshare | 1UL << 32), CLONE_NEWUSER);
    if (r < 0)
        stopped("unshare by another number");
    worked("unshare by another number");
}
