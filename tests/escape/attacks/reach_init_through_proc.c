/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens the descriptors, memory, root and program of the process above it under /proc
 * category: supervisor
 * inside: pid 1 is undumpable and has closed what it had
 */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "attack.h"

static const char *const doors[] = { "mem",  "root/etc", "cwd/.", "exe",  "environ",
                                     "maps", "fd/0",     "fd/1",  "fd/2", "fd/3" };

int main(void)
{
    char path[64], byte;
    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%d/%s", pid_of_init(), doors[i]);
        int fd = open(path, O_RDONLY | O_NONBLOCK);
        /* environ opens for anybody and only reading it is judged. */
        if (fd >= 0 && (strcmp(doors[i], "environ") != 0 || read(fd, &byte, 1) > 0))
            worked(path);
    }
    stopped("every door");
}
