/* SPDX-License-Identifier: Apache-2.0 */
/* attack: listmount and statmount tell about mounts without any file in /proc
 * category: side information
 * inside: the calls are not there
 */
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct {
        uint32_t size, spare;
        uint64_t id, param;
    } wish = { .size = 24, .id = ~0UL };
    uint64_t ids[16];
    long count = syscall(458L, &wish, ids, 16L, 0L);
    if (count < 0 && errno == ENOSYS && getenv("STAND_IN"))
        nothing_to_attack("this kernel has no listmount");
    if (count < 0)
        stopped("listmount");
    worked("a list of mounts");
}
