/* SPDX-License-Identifier: Apache-2.0 */
/* attack: unshare(CLONE_NEWUSER): every capability over new objects, the way into many kernel bugs
 * category: privileges
 * inside: refused by the filter
 */
#include <sched.h>

#include "attack.h"

int main(void)
{
    if (unshare(CLONE_NEWUSER) < 0)
        stopped("unshare");
    worked("a user namespace of its own");
}
