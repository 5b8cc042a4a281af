/* SPDX-License-Identifier: Apache-2.0 */
/* bystander COMMAND... - runs it and says, as the last line of standard error, what the kernel
 * tells whoever waits:
 *
 *     BYSTANDER cpu_us maxrss_kb
 *
 * CPU time of it and all its children (this program's own included), and the largest resident
 * set of any one of them, as GNU time has it, which rounds time to hundredths of a second.
 * Orphans come here to be waited for, unless BYSTANDER_ORPHANS is set. It begins when it may: at a
 * byte on its standard input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long long cpu_us(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec +
           usage->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
    struct rusage children, self;
    int status = 0, one;
    if (argc < 2)
        return 125;
    if (!getenv("BYSTANDER_ORPHANS"))
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    char go;
    if (read(0, &go, 1) != 1)
        return 125;
    pid_t child = fork(), pid;
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    while ((pid = wait(&one)) > 0 || errno == EINTR) {
        if (pid == child)
            status = one;
        if (pid == child && getenv("BYSTANDER_ORPHANS"))
            break;
    }
    getrusage(RUSAGE_CHILDREN, &children);
    getrusage(RUSAGE_SELF, &self);
    fprintf(stderr, "\nBYSTANDER %lld %ld\n", cpu_us(&children) + cpu_us(&self),
            children.ru_maxrss);
    fflush(NULL);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
