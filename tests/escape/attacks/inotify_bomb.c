/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes all inotify instances of the user, so that none are left for anybody else
 * category: resources
 * inside: the calls are not there, or the box has a small number of its own
 */
#include <sys/inotify.h>

#include "attack.h"

int main(void)
{
    int count = 0;
    while (count < 100 && inotify_init1(IN_CLOEXEC) >= 0)
        count++;
    /* Of 128 that a user has by default. */
    if (count < 100)
        stopped("inotify_init1");
    worked("a hundred instances");
}
