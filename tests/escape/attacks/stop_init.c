/* SPDX-License-Identifier: Apache-2.0 */
/* attack: stops the process above: a supervisor that sleeps enforces nothing
 * category: supervisor
 * inside: SIGSTOP from inside does nothing to pid 1
 * arguments: {victim}
 */
#include <signal.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        if (kill(pids[i], SIGSTOP) == 0 && is_dead(pids[i]))
            worked("it stands still");
        (void)kill(pids[i], SIGCONT);
    }
    stopped("SIGSTOP");
}
