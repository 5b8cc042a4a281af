/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes a process above the first to die when memory runs out
 * category: processes
 * inside: its files in /proc belong to somebody else, or are not there
 * arguments: {victim}
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        char path[40];
        (void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pids[i]);
        int fd = open(path, O_WRONLY);
        if (fd >= 0 && write(fd, "1000", 4) == 4)
            worked(path);
    }
    stopped("oom_score_adj");
}
