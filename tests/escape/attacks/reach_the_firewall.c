/* SPDX-License-Identifier: Apache-2.0 */
/* attack: netfilter netlink: nf_tables, the kernel part with most escapes of late
 * category: network
 * inside: the family is refused
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    if (socket(AF_NETLINK, SOCK_RAW, 12) < 0)
        stopped("socket");
    worked("a socket");
}
