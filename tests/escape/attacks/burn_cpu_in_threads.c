/* SPDX-License-Identifier: Apache-2.0 */
/* attack: four threads use 0.8 s where 300 ms are allowed
 * category: resources
 * inside: the tree's CPU time is bounded
 * limits: cpu=300ms
 * expect: cpu
 */
#include <pthread.h>
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

static void *work(void *unused)
{
    spin(RUSAGE_SELF, 0.8);
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            nothing_to_attack("no threads");
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    worked("0.8 s of CPU time");
}
