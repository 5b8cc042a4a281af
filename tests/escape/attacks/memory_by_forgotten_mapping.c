/* SPDX-License-Identifier: Apache-2.0 */
/* attack: fills 300 MB of shared memory and unmaps each page again: held, and resident nowhere
 * category: resources
 * inside: what the box holds counts, whoever maps it
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/mman.h>

#include "attack.h"

#define STEP (16UL << 20)

int main(void)
{
    size_t size = 300UL << 20;
    char *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        stopped("mmap");
    for (size_t at = 0; at < size; at += STEP) {
        size_t len = size - at < STEP ? size - at : STEP;
        memset(room + at, 1, len);
        if (madvise(room + at, len, MADV_DONTNEED) < 0)
            stopped("madvise");
        usleep(5000);
    }
    usleep(100 * 1000);
    worked("300 MB");
}
