/* SPDX-License-Identifier: Apache-2.0 */
/* attack: gives the process above idle priority
 * category: supervisor
 * inside: pid 1 is excepted
 * arguments: {victim}
 */
#include <sched.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        struct sched_param none = { 0 };
        if (sched_setscheduler(pids[i], SCHED_IDLE, &none) == 0)
            worked("it runs when nobody else wants to");
    }
    stopped("sched_setscheduler");
}
