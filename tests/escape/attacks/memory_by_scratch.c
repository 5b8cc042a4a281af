/* SPDX-License-Identifier: Apache-2.0 */
/* attack: keeps 300 MB in files of the scratch space, open and mapped nowhere
 * category: resources
 * inside: files in memory count as memory
 * limits: memory=64M scratch=512M file=1G
 * expect: stopped memory
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    static char piece[1 << 20];
    char name[] = "/dev/shm/pieceXXXXXX";
    int fd = mkstemp(name);
    if (fd < 0)
        nothing_to_attack("no /dev/shm");
    for (int i = 0; i < 300; i++)
        if (write(fd, piece, sizeof(piece)) != sizeof(piece)) {
            (void)unlink(name);
            stopped("write");
        }
    (void)close(fd);
    usleep(100 * 1000);
    (void)unlink(name);
    worked("300 MB");
}
