/* SPDX-License-Identifier: Apache-2.0 */
/* attack: every process forks two, each in a session of its own, and so do they
 * category: resources
 * limits: pids=128
 * inside: the whole tree counts, whatever its sessions
 * reached: pids
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        nothing_to_attack("no pipe to count through");
    pid_t top = getpid();
    int depth = 0;
    for (int i = 0; i < 2 && depth < 8; i++) {
        pid_t child = fork();
        if (child != 0)
            continue;
        (void)setsid();
        (void)!write(ends[1], "x", 1);
        depth++;
        i = -1;
    }
    if (getpid() != top) {
        usleep(700 * 1000);
        _exit(0);
    }
    (void)close(ends[1]);
    usleep(400 * 1000);
    int count = 0;
    char byte;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (read(ends[0], &byte, 1) == 1)
        count++;
    usleep(400 * 1000);
    errno = EAGAIN;
    if (count < 400)
        stopped("the tree has only so many");
    worked("more than four hundred processes");
}
