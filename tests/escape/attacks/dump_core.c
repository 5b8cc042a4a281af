/* SPDX-License-Identifier: Apache-2.0 */
/* attack: crashes with a core file: a pipe handler would run it through the host's root
 * category: processes
 * inside: no core is dumped, whatever the limit said
 * arguments: {workspace}
 * options: --directory {workspace}
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "attack.h"

int main(int argc, char **argv)
{
    struct rlimit limit;
    if (argc < 2 || chdir(argv[1]) < 0)
        nothing_to_attack("no workspace");
    (void)getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_CORE, &limit);
    if (getenv("STAND_IN") && limit.rlim_max == 0)
        nothing_to_attack("cores are switched off for whoever runs this");
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        (void)prctl(PR_SET_DUMPABLE, 1);
        abort();
    }
    int status;
    (void)waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WCOREDUMP(status))
        worked("a core");
    errno = EPERM;
    stopped("no core");
}
