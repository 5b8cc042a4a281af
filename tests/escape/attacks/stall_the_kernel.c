/* SPDX-License-Identifier: Apache-2.0 */
/* attack: userfaultfd holds the kernel in the middle of a copy, the usual help for races in it
 * category: system calls
 * inside: userfaultfd is not there
 */
#include <linux/userfaultfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY) < 0)
        stopped("userfaultfd");
    worked("userfaultfd");
}
