/* SPDX-License-Identifier: Apache-2.0 */
/* attack: process_madvise pages out the memory of a process above
 * category: processes
 * inside: the call is not there
 * arguments: {victim}
 * as: root
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        struct iovec range = { (void *)0, 0 };
        long fd = syscall(SYS_pidfd_open, pids[i], 0L);
        if (fd >= 0 && syscall(SYS_process_madvise, fd, &range, 1L, MADV_PAGEOUT, 0L) >= 0)
            worked("advice about its memory is taken");
    }
    stopped("process_madvise");
}
