/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reads which physical page lies behind an address, as rowhammer needs it
 * category: side information
 * inside: no capability: the numbers are zero, or the file does not open
 * as: root
 */
#include <fcntl.h>
#include <stdint.h>

#include "attack.h"

int main(void)
{
    uint64_t entry = 0;
    volatile int here = 1;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    off_t at = (off_t)((uintptr_t)&here / 4096 * sizeof(entry));
    if (fd < 0 || pread(fd, &entry, sizeof(entry), at) != sizeof(entry))
        stopped("pagemap");
    if (!(entry & ((1UL << 55) - 1)))
        stopped("a page number");
    worked("a page number");
}
