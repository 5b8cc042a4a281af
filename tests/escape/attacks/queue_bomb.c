/* SPDX-License-Identifier: Apache-2.0 */
/* attack: twenty thousand queued signals, of a budget that all of the user's programs share
 * category: resources
 * inside: the box has a small budget of its own
 */
#include "attack.h"

int main(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGRTMIN);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 20000; i++)
        if (sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }) < 0)
            stopped("sigqueue");
    worked("twenty thousand signals");
}
