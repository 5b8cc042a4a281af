/* SPDX-License-Identifier: Apache-2.0 */
/* attack: UDP-Lite: a protocol hardly anybody has looked at for years
 * category: network
 * inside: only TCP and UDP
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_INET, SOCK_DGRAM, 136) < 0)
        stopped("socket");
    worked("a socket");
}
