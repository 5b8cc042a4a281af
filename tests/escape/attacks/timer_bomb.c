/* SPDX-License-Identifier: Apache-2.0 */
/* attack: twenty thousand timers, of a budget that all of the user's programs share
 * category: resources
 * inside: the box has a small budget of its own
 */
#include <time.h>

#include "attack.h"

int main(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    timer_t timer;
    for (int i = 0; i < 20000; i++)
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
            stopped("timer_create");
    worked("twenty thousand timers");
}
