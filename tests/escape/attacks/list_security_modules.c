/* SPDX-License-Identifier: Apache-2.0 */
/* attack: lsm_list_modules tells what guards the host
 * category: system calls
 * inside: the call is not there
 */
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    uint64_t ids[32];
    uint32_t size = sizeof(ids);
    if (syscall(461L, ids, &size, 0L) < 0)
        stopped("lsm_list_modules");
    worked("their names");
}
