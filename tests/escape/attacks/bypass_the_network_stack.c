/* SPDX-License-Identifier: Apache-2.0 */
/* attack: an XDP socket: rings shared with the driver, past every filter
 * category: network
 * inside: the family is refused
 * as: root
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_XDP, SOCK_RAW, 0) < 0)
        stopped("socket");
    worked("a socket");
}
