/* SPDX-License-Identifier: Apache-2.0 */
/* attack: goes before everybody else: a negative nice value
 * category: privileges
 * inside: no capability, and the limit on it is zero
 * as: root
 */
#include <sys/resource.h>

#include "attack.h"

int main(void)
{
    if (setpriority(PRIO_PROCESS, 0, -10) < 0)
        stopped("setpriority");
    worked("nicer than all others");
}
