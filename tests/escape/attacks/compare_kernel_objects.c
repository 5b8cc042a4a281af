/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kcmp tells which kernel objects two processes share, and in what order they lie
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
        if (syscall(SYS_kcmp, getpid(), pids[i], 1L, 0L, 0L) >= 0)
            worked("an answer about its memory");
    }
    stopped("kcmp");
}
