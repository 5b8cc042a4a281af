/* SPDX-License-Identifier: Apache-2.0 */
/* attack: fills pipes with 200 MB, made as large as they can be, where 64 MB are allowed
 * category: resources
 * inside: what lies in pipes counts as memory, or is bounded by their number
 * as: root
 * options: --memory 64M
 * expect: stopped memory
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "attack.h"

int main(void)
{
    static char piece[1 << 20];
    size_t total = 0;
    for (int child = 0; child < 4; child++) {
        for (int i = 0; i < 450; i++) {
            int ends[2];
            if (pipe2(ends, O_NONBLOCK) < 0)
                break;
            (void)fcntl(ends[1], F_SETPIPE_SZ, sizeof(piece));
            for (ssize_t n; (n = write(ends[1], piece, sizeof(piece))) > 0;)
                total += (size_t)n;
        }
        if (total >= 200U << 20) {
            usleep(100 * 1000);
            worked("200 MB in pipes");
        }
        pid_t next = fork();
        if (next < 0)
            break;
        if (next > 0) {
            int status;
            (void)waitpid(next, &status, 0);
            exit(WIFEXITED(status) ? WEXITSTATUS(status) : STOPPED);
        }
        /* The child goes on with descriptors of its own beside those it shares. */
        for (int fd = 3; fd < 1024; fd += 2)
            (void)close(fd);
    }
    errno = ENFILE;
    stopped("pipe");
}
