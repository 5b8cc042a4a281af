/* SPDX-License-Identifier: Apache-2.0 */
/* attack: transform netlink: IPsec states, a part with a history of holes
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_RAW, 6) < 0)
        stopped("socket");
    worked("a socket");
}
