/* SPDX-License-Identifier: Apache-2.0 */
/* attack: forty children of 40 ms each, reaped by the kernel itself: their time is in no counter
 * category: resources
 * inside: what was seen of them counts on
 * limits: cpu=600ms
 * expect: cpu
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "attack.h"

static void spin(double seconds)
{
    struct rusage usage;
    do {
        for (volatile int i = 0; i < 100000; i++)
            ;
        (void)getrusage(RUSAGE_SELF, &usage);
    } while ((double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 < seconds);
}

int main(void)
{
    (void)signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        if (child < 0)
            stopped("fork");
        if (child == 0) {
            spin(0.04);
            _exit(0);
        }
        (void)waitpid(child, NULL, 0); /* returns once it is gone, with nothing */
    }
    worked("1.6 s of CPU time");
}
