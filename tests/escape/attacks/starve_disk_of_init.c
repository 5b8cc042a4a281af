/* SPDX-License-Identifier: Apache-2.0 */
/* attack: gives the process above the lowest disk priority
 * category: supervisor
 * inside: the call is not there
 * arguments: {victim}
 */
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (syscall(SYS_ioprio_set, 1L, (long)pids[i], 3L << 13) == 0)
            worked("its requests come last");
    }
    stopped("ioprio_set");
}
