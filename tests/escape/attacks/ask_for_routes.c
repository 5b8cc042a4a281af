/* SPDX-License-Identifier: Apache-2.0 */
/* attack: route netlink tells addresses and routes, and is a way into traffic control
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_RAW, 0) < 0)
        stopped("socket");
    worked("a socket");
}
