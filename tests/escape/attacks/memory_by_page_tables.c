/* SPDX-License-Identifier: Apache-2.0 */
/* attack: maps so thinly that the tables take 200 MB and the pages none, where 64 MB are allowed
 * category: resources
 * inside: page tables count as memory, or the address space is bounded
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/mman.h>

#include "attack.h"

int main(void)
{
    const size_t step = 2UL << 20, size = 100UL << 30;
    char *room = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        stopped("mmap");
    (void)madvise(room, size, MADV_NOHUGEPAGE);
    volatile char sum = 0;
    for (size_t i = 0; i < size; i += step)
        sum += room[i];
    usleep(100 * 1000);
    worked("50000 tables");
}
