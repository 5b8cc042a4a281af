/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes a mount away to see what it covers
 * category: files
 * inside: umount2 is not there
 * as: root
 */
#include <sys/mount.h>

#include "attack.h"

int main(void)
{
    if (umount2("/tmp", MNT_DETACH) < 0)
        stopped("umount2");
    worked("/tmp is what lay below it");
}
