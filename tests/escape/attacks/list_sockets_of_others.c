/* SPDX-License-Identifier: Apache-2.0 */
/* attack: socket diagnostics list the connections of the whole network namespace
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_DGRAM, 4) < 0)
        stopped("socket");
    worked("a socket");
}
