/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes pages of a file that everybody reads out of memory, which a later reader can tell
 * category: cross-run
 * inside: what is in memory is not the box's to decide
 * expect: stopped
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    int fd = open("/usr/bin/env", O_RDONLY);
    if (fd < 0)
        nothing_to_attack("no /usr/bin/env");
    int r = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (r == 0)
        worked("POSIX_FADV_DONTNEED");
    errno = r;
    stopped("posix_fadvise");
}
