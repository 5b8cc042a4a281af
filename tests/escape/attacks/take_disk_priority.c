/* SPDX-License-Identifier: Apache-2.0 */
/* attack: puts its disk requests before everybody else's
 * category: privileges
 * inside: the call is not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_ioprio_set, 1L, 0L, 1L << 13) < 0)
        stopped("ioprio_set");
    worked("real-time disk access");
}
