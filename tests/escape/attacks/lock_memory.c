/* SPDX-License-Identifier: Apache-2.0 */
/* attack: locks 64 MB of memory, so that nobody else can have it
 * category: privileges
 * inside: the limit on locked memory holds for everybody
 * as: root
 */
#include <sys/mman.h>

#include "attack.h"

int main(void)
{
    void *room = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || mlock(room, 64 << 20) < 0)
        stopped("mlock");
    worked("64 MB are locked");
}
