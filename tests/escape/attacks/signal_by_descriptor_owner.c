/* SPDX-License-Identifier: Apache-2.0 */
/* attack: lets the kernel send the signal: F_SETOWN and F_SETSIG name another process
 * category: processes
 * inside: it is not there, or takes no signal from inside
 * arguments: {victim}
 */
#include <fcntl.h>
#include <signal.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        int ends[2];
        if (pipe(ends) < 0 || fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
            nothing_to_attack("no pipe with O_ASYNC");
        struct f_owner_ex owner = { .type = F_OWNER_PID, .pid = pids[i] };
        if (fcntl(ends[0], F_SETSIG, SIGKILL) < 0 || fcntl(ends[0], F_SETOWN_EX, &owner) < 0)
            continue;
        if (write(ends[1], "x", 1) == 1 && is_dead(pids[i]))
            worked("killed by a pipe");
    }
    stopped("F_SETOWN");
}
