/* SPDX-License-Identifier: Apache-2.0 */
/* attack: hides CLONE_NEWUSER from a 64-bit comparison with rubbish above it
 * category: system calls
 * inside: the filter looks at the bits the kernel looks at
 */
#include <sched.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    static const unsigned long rubbish[] = { 1UL << 32, 1UL << 63, 0xffffffff00000000UL };
    for (size_t i = 0; i < COUNT(rubbish); i++) {
        long child =
            syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD | rubbish[i], NULL, NULL, NULL, NULL);
        if (child == 0)
            _exit(0);
        if (child > 0)
            worked("a child in a user namespace of its own");
    }
    stopped("clone");
}
