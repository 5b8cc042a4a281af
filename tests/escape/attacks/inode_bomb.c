/* SPDX-License-Identifier: Apache-2.0 */
/* attack: makes twenty thousand empty files in the scratch directories where five thousand may be
 * category: resources
 * inside: tmpfs is bounded in inodes as well
 * limits: inodes=5000
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    char name[64];
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof(name), "/tmp/file-%d", i);
        int fd = creat(name, 0600);
        if (fd < 0)
            stopped("creat");
        (void)close(fd);
    }
    worked("twenty thousand files");
}
