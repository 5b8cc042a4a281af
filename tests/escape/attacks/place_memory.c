/* SPDX-License-Identifier: Apache-2.0 */
/* attack: NUMA calls tell about and choose the nodes that memory lies on
 * category: system calls
 * inside: the call is not there
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    int mode = 0;
    if (syscall(SYS_get_mempolicy, &mode, NULL, 0L, NULL, 0L) < 0 &&
        syscall(SYS_set_mempolicy, 0L, NULL, 0L) < 0)
        stopped("get_mempolicy");
    worked("an answer");
}
