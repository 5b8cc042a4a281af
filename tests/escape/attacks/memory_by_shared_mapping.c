/* SPDX-License-Identifier: Apache-2.0 */
/* attack: touches 300 MB of shared anonymous memory where 64 MB are allowed
 * category: resources
 * inside: shared memory counts
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/mman.h>

#include "attack.h"

int main(void)
{
    char *room = mmap(NULL, 300 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        stopped("mmap");
    for (size_t i = 0; i < 300UL << 20; i += 4096) {
        room[i] = 1;
        if (i % (16UL << 20) == 0)
            usleep(5000);
    }
    usleep(100 * 1000);
    worked("300 MB");
}
