/* SPDX-License-Identifier: Apache-2.0 */
/* attack: queues a signal with a forged sender to a process above
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
        siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_QUEUE };
        info.si_pid = 1;
        if (syscall(SYS_rt_sigqueueinfo, pids[i], SIGKILL, &info) == 0 && is_dead(pids[i]))
            worked("killed by a queued signal");
    }
    stopped("rt_sigqueueinfo");
}
