/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens core_pattern for writing; the host runs what is written there as root
 * category: files
 * inside: the box's /proc has no sys; whoever made the box is not asked
 * as: root
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    /* Opening decides. Nothing is written: outside this is the host's own file. */
    if (open("/proc/sys/kernel/core_pattern", O_WRONLY) < 0)
        stopped("open core_pattern");
    worked("core_pattern is open for writing");
}
