/* SPDX-License-Identifier: Apache-2.0 */
/* attack: iopl and ioperm: the machine's own doors, past the kernel
 * category: system calls
 * inside: the calls are not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    long r = syscall(SYS_ioperm, 0x80L, 1L, 1L);
    if (r < 0 && errno == ENOSYS && getenv("STAND_IN"))
        nothing_to_attack("this kernel has no ports for anybody");
    if (r < 0 && syscall(SYS_iopl, 3L) < 0)
        stopped("ioperm");
    worked("a port is open");
}
