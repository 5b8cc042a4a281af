/* SPDX-License-Identifier: Apache-2.0 */
/* attack: MPTCP: another large protocol behind the same family
 * category: network
 * inside: only TCP and UDP
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_INET, SOCK_STREAM, 262) < 0)
        stopped("socket");
    worked("a socket");
}
