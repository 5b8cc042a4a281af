/* SPDX-License-Identifier: Apache-2.0 */
/* attack: steers the host's clock
 * category: privileges
 * inside: no capability, and the calls are not there
 * as: root
 */
#include <sys/timex.h>

#include "attack.h"

int main(void)
{
    /* Reads the frequency and sets it to what it is: asking decides. */
    struct timex clock = { 0 };
    if (adjtimex(&clock) < 0)
        stopped("adjtimex");
    clock.modes = ADJ_FREQUENCY;
    if (adjtimex(&clock) < 0)
        stopped("adjtimex that sets");
    worked("the clock's frequency is set");
}
