/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kexec: another kernel in place of this one
 * category: system calls
 * inside: the calls are not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    /* No segments: nothing is loaded. */
    long r = syscall(SYS_kexec_load, 0L, 0L, NULL, 0L);
    if (r < 0 && errno == ENOSYS && getenv("STAND_IN"))
        nothing_to_attack("this kernel cannot be replaced");
    if (r < 0)
        stopped("kexec_load");
    worked("the call is made");
}
