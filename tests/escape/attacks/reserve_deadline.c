/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reserves processor time by deadline, before everybody else's
 * category: privileges
 * inside: the call is not there
 * as: root
 */
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } wish = { .size = 48, .policy = 6, .runtime = 1000000, .deadline = 100000000 };
    wish.period = wish.deadline;
    if (syscall(SYS_sched_setattr, 0L, &wish, 0L) < 0)
        stopped("sched_setattr");
    worked("a deadline of its own");
}
