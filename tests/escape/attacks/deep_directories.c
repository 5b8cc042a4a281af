/* SPDX-License-Identifier: Apache-2.0 */
/* attack: three thousand directories inside each other, where clean-up by recursion fails
 * category: resources
 * inside: bounded by inodes, and gone with the tmpfs at once
 * limits: inodes=1500
 */
#include <sys/stat.h>

#include "attack.h"

int main(void)
{
    (void)chdir("/tmp");
    for (int i = 0; i < 3000; i++)
        if (mkdir("d", 0700) < 0 || chdir("d") < 0)
            stopped("mkdir");
    worked("three thousand deep");
}
