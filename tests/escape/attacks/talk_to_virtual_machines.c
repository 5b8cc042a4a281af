/* SPDX-License-Identifier: Apache-2.0 */
/* attack: /dev/kvm, tun, fuse, loop and vhost: kernel parts behind device files
 * category: system calls
 * inside: none of these devices is there
 * as: root
 */
#include <fcntl.h>

#include "attack.h"

int main(void)
{
    int fd = -1;
    static const char *const devices[] = { "/dev/kvm", "/dev/net/tun", "/dev/fuse",
                                           "/dev/loop-control", "/dev/vhost-vsock" };
    for (size_t i = 0; fd < 0 && i < COUNT(devices); i++)
        fd = open(devices[i], O_RDWR);
    if (fd < 0)
        stopped("every device");
    worked("one of them is open");
}
