/* SPDX-License-Identifier: Apache-2.0 */
/* attack: memfd_secret: memory that not even the kernel can look into
 * category: system calls
 * inside: the call is not there
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(447L, 0L) < 0)
        stopped("memfd_secret");
    worked("secret memory");
}
