/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes the process above the last that the processor is given to
 * category: supervisor
 * inside: pid 1 is excepted, also in the company of others
 * arguments: {victim}
 */
#include <sys/resource.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (setpriority(PRIO_PROCESS, (id_t)pids[i], 19) == 0)
            worked("it is nicer than all others");
        if (setpriority(PRIO_PGRP, (id_t)getpgid(pids[i]), 19) == 0 &&
            getpgid(pids[i]) != getpgrp())
            worked("its group is");
    }
    stopped("setpriority");
}
