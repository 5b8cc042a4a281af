/* SPDX-License-Identifier: Apache-2.0 */
/* attack: generic netlink: dozens of small kernel parts, some loaded on demand
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_RAW, 16) < 0)
        stopped("socket");
    worked("a socket");
}
