/* SPDX-License-Identifier: Apache-2.0 */
/* attack: a packet socket: sees everything that passes, and forges frames
 * category: network
 * inside: the family is refused
 * as: root
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_PACKET, SOCK_RAW, 0x0300) < 0)
        stopped("socket");
    worked("a socket");
}
