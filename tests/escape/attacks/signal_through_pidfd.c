/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kills a process above through a pidfd
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
        long fd = syscall(SYS_pidfd_open, pids[i], 0L);
        if (fd >= 0 && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0L) == 0 &&
            is_dead(pids[i]))
            worked("killed through a pidfd");
    }
    stopped("pidfd_send_signal");
}
