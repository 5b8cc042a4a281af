/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes a real-time priority, which starves everybody on that processor
 * category: privileges
 * inside: no capability, and the limit on it is zero
 * as: root
 */
#include <sched.h>

#include "attack.h"

int main(void)
{
    struct sched_param priority = { .sched_priority = 1 };
    if (sched_setscheduler(0, SCHED_FIFO, &priority) < 0 &&
        sched_setscheduler(0, SCHED_RR, &priority) < 0)
        stopped("sched_setscheduler");
    worked("real time");
}
