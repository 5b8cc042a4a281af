/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reads which call another process is in, where it sleeps, what it maps
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
        static const char *const files[] = { "syscall", "stack", "maps", "wchan", "auxv" };
        for (size_t f = 0; f < COUNT(files); f++) {
            char path[40], byte;
            (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pids[i], files[f]);
            int fd = open(path, O_RDONLY);
            /* Some open for anybody and say 0 to those who may not look. */
            if (fd >= 0 && read(fd, &byte, 1) == 1 && byte != '0')
                worked(path);
        }
    }
    stopped("/proc");
}
