/* SPDX-License-Identifier: Apache-2.0 */
/* attack: names pid 1 with rubbish above the number, which the kernel cuts off
 * category: supervisor
 * inside: the filter looks at the bits the kernel looks at
 * arguments: {victim}
 */
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        unsigned long same = (unsigned long)pids[i] | 1UL << 32;
        if (syscall(SYS_setpriority, (long)PRIO_PROCESS, same, 19L) == 0)
            worked("setpriority");
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        if (syscall(SYS_sched_setaffinity, same, sizeof(first), &first) == 0)
            worked("sched_setaffinity");
        struct sched_param none = { 0 };
        if (syscall(SYS_sched_setscheduler, same, (long)SCHED_IDLE, &none) == 0)
            worked("sched_setscheduler");
        struct rlimit limit;
        if (syscall(SYS_prlimit64, same, (long)RLIMIT_NOFILE, NULL, &limit) == 0)
            worked("prlimit64");
    }
    stopped("every call");
}
