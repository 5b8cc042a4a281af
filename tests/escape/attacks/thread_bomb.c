/* SPDX-License-Identifier: Apache-2.0 */
/* attack: four hundred threads at once
 * category: resources
 * limits: pids=128
 * inside: pthread_create fails at the policy's number of processes
 * reached: pids
 */
#include <pthread.h>

#include "attack.h"

static void *wait_for_ever(void *unused)
{
    (void)pause();
    return unused;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 400; i++) {
        errno = pthread_create(&thread, NULL, wait_for_ever, NULL);
        if (errno) {
            int problem = errno;
            usleep(300 * 1000); /* a bomb stays */
            errno = problem;
            stopped("pthread_create");
        }
    }
    worked("four hundred threads");
}
