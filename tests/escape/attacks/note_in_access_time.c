/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reading a file changes its access time, which the other one looks at
 * category: cross-run
 * inside: what is mounted read-only does not change
 * parties: after
 * arguments: {readable}
 * options: --read {readable}
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "attack.h"

int main(int argc, char **argv)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/file", argv[argc - 1]);
    if (sending(argc, argv)) {
        char byte;
        usleep(20 * 1000);
        int fd = open(path, O_RDONLY);
        if (fd < 0 || read(fd, &byte, 1) != 1)
            nothing_to_attack("no file to read");
        return 0;
    }
    struct stat st;
    if (stat(path, &st) < 0)
        nothing_to_attack("no file to look at");
    if (st.st_atim.tv_sec == st.st_mtim.tv_sec && st.st_atim.tv_nsec <= st.st_mtim.tv_nsec)
        stopped("it has not been read");
    worked("it has been read");
}
