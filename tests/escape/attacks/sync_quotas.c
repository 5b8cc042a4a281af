/* SPDX-License-Identifier: Apache-2.0 */
/* attack: quotactl reads and sets disk quotas of others
 * category: privileges
 * inside: the call is not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_quotactl, 0x80000100L, NULL, 0L, NULL) < 0)
        stopped("quotactl");
    worked("the call is made");
}
