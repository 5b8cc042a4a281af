/* SPDX-License-Identifier: Apache-2.0 */
/* attack: clone3(CLONE_NEWUSER): its flags lie behind a pointer that no filter can follow
 * category: privileges
 * inside: clone3 is not there at all
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
    long child = syscall(SYS_clone3, &args, sizeof(args));
    if (child == 0)
        _exit(0);
    if (child < 0)
        stopped("clone3");
    waitpid((pid_t)child, NULL, 0);
    worked("a child in a user namespace of its own");
}
