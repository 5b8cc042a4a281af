/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes the limits of the process above it away (no open files: it can no longer act)
 * category: supervisor
 * inside: refused
 */
#include <sys/resource.h>
#include <sys/types.h>

#include "attack.h"

int main(void)
{
    struct rlimit nothing = { 0, 0 };
    if (prlimit(pid_of_init(), RLIMIT_NOFILE, &nothing, NULL) < 0)
        stopped("prlimit");
    worked("the process above can open nothing any more");
}
