/* SPDX-License-Identifier: Apache-2.0 */
/* attack: modify_ldt: segments of its own, a part of the kernel with a history of holes
 * category: system calls
 * inside: the call is not there
 */
#include <asm/ldt.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    struct user_desc entry = { .entry_number = 1, .limit = 0xfffff, .seg_32bit = 1 };
    if (syscall(SYS_modify_ldt, 1L, &entry, sizeof(entry)) < 0)
        stopped("modify_ldt");
    worked("a segment");
}
