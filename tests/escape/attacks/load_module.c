/* SPDX-License-Identifier: Apache-2.0 */
/* attack: loads code into the kernel
 * category: system calls
 * inside: the calls are not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    char rubbish[64] = "";
    long r = syscall(SYS_init_module, rubbish, sizeof(rubbish), "");
    if (r < 0 && errno == ENOSYS && getenv("STAND_IN"))
        nothing_to_attack("this kernel takes no modules");
    /* The kernel has looked at it and found that it is no program. */
    if (r < 0 && errno != ENOEXEC)
        stopped("init_module");
    worked("the kernel looked at our code");
}
