/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a raw socket: forges ICMP and any other packet
 * category: network
 * inside: the family is refused
 * as: root
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_INET, SOCK_RAW, 1) < 0)
        stopped("socket");
    worked("a socket");
}
