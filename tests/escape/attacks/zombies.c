/* SPDX-License-Identifier: Apache-2.0 */
/* attack: four hundred children end and are never waited for
 * category: resources
 * limits: pids=128
 * inside: the dead count as well until somebody waits for them
 * reached: pids
 */
#include "attack.h"

int main(void)
{
    for (int i = 0; i < 400; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (child < 0) {
            int problem = errno;
            usleep(300 * 1000); /* they stay */
            errno = problem;
            stopped("fork");
        }
    }
    worked("four hundred zombies");
}
