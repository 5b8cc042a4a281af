/* SPDX-License-Identifier: Apache-2.0 */
/* attack: setgroups: takes the group of the disks or of the shadow file
 * category: privileges
 * inside: no capability, and setgroups is denied in the user namespace
 * as: root
 */
#include <grp.h>

#include "attack.h"

int main(void)
{
    gid_t groups[] = { 6, 42 };
    if (setgroups(2, groups) < 0)
        stopped("setgroups");
    worked("in the groups of disks and passwords");
}
