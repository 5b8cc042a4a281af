/* SPDX-License-Identifier: Apache-2.0 */
/* attack: the first thread ends, and another one takes 300 MB where 64 MB are allowed
 * category: resources
 * inside: a process whose first thread is gone is looked at through another
 * options: --memory 64M
 * expect: stopped memory
 */
#include <pthread.h>
#include <sys/mman.h>

#include "attack.h"

#define SIZE (300UL << 20)

static void *take(void *unused)
{
    usleep(20 * 1000);
    char *room = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        stopped("mmap");
    touch(room, SIZE);
    usleep(300 * 1000);
    worked("300 MB");
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, take, NULL) != 0)
        stopped("pthread_create");
    pthread_exit(NULL);
}
