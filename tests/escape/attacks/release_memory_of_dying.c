/* SPDX-License-Identifier: Apache-2.0 */
/* attack: process_mrelease takes the memory of a process that is about to die
 * category: processes
 * inside: the call is not there
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        nothing_to_attack("no child to try it on");
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    long fd = syscall(SYS_pidfd_open, child, 0L);
    (void)kill(child, SIGKILL);
    long r = syscall(SYS_process_mrelease, fd, 0L);
    int problem = errno;
    (void)waitpid(child, NULL, 0);
    errno = problem;
    /* Already gone is an answer of the call as well. */
    if (r < 0 && problem != ESRCH)
        stopped("process_mrelease");
    worked("its memory is taken");
}
