/* SPDX-License-Identifier: Apache-2.0 */
/* attack: writes 300 MB to /dev/shm where 64 MB of memory and 32 MB of scratch are allowed
 * category: resources
 * inside: the scratch directories are bounded together
 * limits: memory=64M scratch=32M
 * expect: stopped memory
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    static char piece[1 << 20];
    int fd = open("/dev/shm/room", O_CREAT | O_WRONLY | O_EXCL, 0600);
    if (fd < 0 || unlink("/dev/shm/room") < 0)
        nothing_to_attack("no /dev/shm");
    for (int i = 0; i < 300; i++)
        if (write(fd, piece, sizeof(piece)) != sizeof(piece))
            stopped("write");
    worked("300 MB");
}
