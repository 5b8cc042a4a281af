/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes 300 MB to a memfd, which no size of any tmpfs bounds
 * category: resources
 * inside: memfd_create is not there, or its pages count as memory
 * options: --memory 64M
 * expect: stopped memory
 */
#include <sys/mman.h>

#include "attack.h"

int main(void)
{
    static char piece[1 << 20];
    int fd = memfd_create("room", 0);
    if (fd < 0)
        stopped("memfd_create");
    for (int i = 0; i < 300; i++)
        if (write(fd, piece, sizeof(piece)) != sizeof(piece))
            stopped("write");
    usleep(100 * 1000);
    worked("300 MB");
}
