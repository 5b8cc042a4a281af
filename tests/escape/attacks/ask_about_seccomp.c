/* SPDX-License-Identifier: Apache-2.0 */
/* attack: seccomp(2) tells which actions the filter could take
 * category: system calls
 * inside: the call is not there
 */
#include <stdint.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    uint32_t action = 0x7fff0000U;
    if (syscall(SYS_seccomp, 2L, 0L, &action) < 0)
        stopped("seccomp");
    worked("an answer");
}
