/* SPDX-License-Identifier: Apache-2.0 */
/* attack: fsopen: a context for a new file system, whose parser had holes (CVE-2022-0185)
 * category: files
 * inside: fsopen is not there
 * as: root
 */
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    if (syscall(SYS_fsopen, "tmpfs", 0L) < 0)
        stopped("fsopen");
    worked("a file system context");
}
