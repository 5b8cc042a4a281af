/* SPDX-License-Identifier: Apache-2.0 */
/* attack: ptrace on its own child: a step from whatever else may be traced
 * category: processes
 * inside: the call is not there
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    long r = ptrace(PTRACE_SEIZE, child, NULL, NULL);
    int problem = errno;
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    errno = problem;
    if (r < 0)
        stopped("ptrace");
    worked("the child is traced");
}
