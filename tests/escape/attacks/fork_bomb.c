/* SPDX-License-Identifier: Apache-2.0 */
/* attack: four hundred processes at once
 * category: resources
 * limits: pids=128
 * reached: pids
 * inside: fork fails at the policy's number of processes, and the host can still fork
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

#define WANTED 400

int main(void)
{
    static pid_t children[WANTED];
    int count = 0;
    for (; count < WANTED; count++) {
        children[count] = fork();
        if (children[count] < 0)
            break;
        if (children[count] == 0)
            pause();
    }
    int problem = errno;
    usleep(300 * 1000); /* a bomb stays */
    for (int i = 0; i < count; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
    errno = problem;
    if (count < WANTED)
        stopped("fork");
    worked("four hundred processes");
}
