/* SPDX-License-Identifier: Apache-2.0 */
/* attack: thirty orphans of 50 ms each, for whom nobody of the tree ever waits
 * category: resources
 * inside: the CPU time of those whom init reaps counts on
 * limits: cpu=300ms
 * expect: cpu
 */
#include <sys/resource.h>
#include <sys/wait.h>

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

int main(void)
{
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        if (child < 0)
            stopped("fork");
        if (child == 0) {
            if (fork() == 0)
                spin(RUSAGE_SELF, 0.05);
            _exit(0);
        }
        (void)waitpid(child, NULL, 0);
        usleep(40 * 1000);
    }
    worked("1.5 s of CPU time");
}
