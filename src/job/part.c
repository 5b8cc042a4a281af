/* SPDX-License-Identifier: Apache-2.0 */
#include "job/part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int part_open(int front, const char *name)
{
    if (mkdirat(front, name, 0700) == 0)
        (void)fchmodat(front, name, 0700, 0); /* a cage that forbids this has set its own umask */
    else if (errno != EEXIST)
        return -1;
    return openat(front, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}
