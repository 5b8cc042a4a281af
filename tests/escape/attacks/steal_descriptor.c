/* SPDX-License-Identifier: Apache-2.0 */
/* attack: takes a descriptor of a process above with pidfd_getfd
 * category: processes
 * inside: the call is not there
 * arguments: {victim}
 */
#include <sys/syscall.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        long fd = syscall(SYS_pidfd_open, pids[i], 0L);
        if (fd >= 0 && syscall(SYS_pidfd_getfd, fd, 0L, 0L) >= 0)
            worked("its standard input is ours");
    }
    stopped("pidfd_getfd");
}
