/* SPDX-License-Identifier: Apache-2.0 */
/* attack: kernel object events tell about the host's devices, and forged ones drive udev
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_DGRAM, 15) < 0)
        stopped("socket");
    worked("a socket");
}
