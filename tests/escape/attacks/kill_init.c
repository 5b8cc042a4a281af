/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kills the process above it, with every signal that might do
 * category: supervisor
 * inside: pid 1 lives on, and so does the one who tried
 */
#include <signal.h>
#include <sys/types.h>
#include <time.h>

#include "attack.h"

int main(void)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGSEGV, SIGSTOP, SIGKILL };
    pid_t init = pid_of_init();
    int taken = 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        taken += kill(init, signals[i]) == 0;
    if (!taken)
        stopped("kill");
    /* Gone, or about to be: its parent reaps it. */
    for (int i = 0; i < 100; i++) {
        if (kill(init, 0) < 0 && errno == ESRCH)
            worked("the process above is dead");
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
    }
    stopped("signals that change nothing");
}
