/* SPDX-License-Identifier: Apache-2.0 */
/* attack: Landlock's own calls: a ruleset more is a kernel object more
 * category: system calls
 * inside: the call is not there
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, 0L, 1L) < 0)
        stopped("landlock_create_ruleset");
    worked("an answer");
}
