/* SPDX-License-Identifier: Apache-2.0 */
/* attack: pins the process above to one processor and then keeps that one busy
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
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        if (sched_setaffinity(pids[i], sizeof(first), &first) == 0)
            worked("it has one processor");
    }
    stopped("sched_setaffinity");
}
