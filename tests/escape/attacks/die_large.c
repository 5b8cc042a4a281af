/* SPDX-License-Identifier: Apache-2.0 */
/* attack: crashes with 500 MB of memory, so that its end takes long and its core fills a disk
 * category: resources
 * inside: no core, and the end is reported at once
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        struct rlimit limit;
        (void)getrlimit(RLIMIT_CORE, &limit);
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_CORE, &limit);
        char *room = malloc(500 << 20);
        touch(room, 500 << 20);
        abort();
    }
    int status;
    (void)waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WCOREDUMP(status))
        worked("a core of 500 MB");
    errno = EPERM;
    if (getenv("STAND_IN"))
        nothing_to_attack("cores are switched off for whoever runs this");
    stopped("no core");
}
