/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a raw IPv6 socket: forges router and neighbour messages
 * category: network
 * inside: the family is refused
 * as: root
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_INET6, SOCK_RAW, 58) < 0)
        stopped("socket");
    worked("a socket");
}
