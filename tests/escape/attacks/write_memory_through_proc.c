/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens the memory of a process above in /proc for writing
 * category: processes
 * inside: pid 1 is undumpable and nobody else is there
 * arguments: {victim}
 */
#include <fcntl.h>

#include "attack.h"

int main(int argc, char **argv)
{
    pid_t pids[2];
    size_t count = victims(argc, argv, pids);
    for (size_t i = 0; i < count; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pids[i]);
        if (open(path, O_RDWR) >= 0)
            worked(path);
    }
    stopped("open");
}
