/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kills a process above by the number of its thread
 * category: processes
 * inside: it is not there, or takes no signal from inside
 * arguments: {victim}
 */
#include <signal.h>
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (syscall(SYS_tkill, pids[i], SIGKILL) == 0 && is_dead(pids[i]))
            worked("killed by tkill");
        if (syscall(SYS_tgkill, pids[i], pids[i], SIGKILL) == 0 && is_dead(pids[i]))
            worked("killed by tgkill");
    }
    stopped("tkill");
}
