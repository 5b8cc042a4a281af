/* SPDX-License-Identifier: Apache-2.0 */
/* attack: catches SIGXCPU, the only thing that some limits send, and goes on
 * category: resources
 * inside: the limit ends the run, not a signal that may be caught
 * limits: cpu=300ms
 * expect: cpu
 */
#include <sys/resource.h>

#include "attack.h"

/* Until the whole process, or its children, used so much. */
static void spin(int who, double seconds)
{
    struct rusage usage;
    do {
        for (volatile int i = 0; i < 1000000; i++)
            ;
        (void)getrusage(who, &usage);
    } while ((double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 < seconds);
}

static void ignore(int number)
{
    (void)number;
}

int main(void)
{
    (void)signal(SIGXCPU, ignore);
    spin(RUSAGE_SELF, 0.8);
    worked("0.8 s of CPU time");
}
