/* SPDX-License-Identifier: Apache-2.0 */
/* attack: tells which files of the host are in memory: what has been run lately
 * category: side information
 * inside: mincore and cachestat are not there
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    unsigned char present = 0;
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open("/usr/bin/env", O_RDONLY), 0);
    if (map == MAP_FAILED)
        nothing_to_attack("nothing to look at");
    if (mincore(map, 4096, &present) < 0) {
        struct {
            uint64_t offset, length;
        } range = { 0, 4096 };
        uint64_t result[5];
        if (syscall(451L, open("/usr/bin/env", O_RDONLY), &range, result, 0L) < 0)
            stopped("mincore");
    }
    worked("an answer");
}
