/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes user and group 0, by every call there is for it
 * category: privileges
 * inside: no such id in the box, and the calls are not there
 * as: root
 */
#include "attack.h"

int main(void)
{
    (void)setegid(0);
    (void)setgid(0);
    if (setuid(0) < 0 && setreuid(0, 0) < 0 && setresuid(0, 0, 0) < 0 && seteuid(0) < 0)
        stopped("set*uid");
    worked("root");
}
