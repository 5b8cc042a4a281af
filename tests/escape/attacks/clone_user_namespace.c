/* SPDX-License-Identifier: Apache-2.0 */
/* attack: clone(CLONE_NEWUSER), for filters that only know unshare by name
 * category: privileges
 * inside: refused by the filter, whichever namespace bit is set
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    if (child < 0)
        stopped("clone");
    waitpid((pid_t)child, NULL, 0);
    worked("a child in a user namespace of its own");
}
