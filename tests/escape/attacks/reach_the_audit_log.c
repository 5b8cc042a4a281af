/* SPDX-License-Identifier: Apache-2.0 */
/* attack: audit netlink: forges and reads records of the host
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_RAW, 9) < 0)
        stopped("socket");
    worked("a socket");
}
