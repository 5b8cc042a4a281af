/* SPDX-License-Identifier: Apache-2.0 */
/* attack: opens sockets of rare families: hypervisor, kernel crypto, raw packets, netfilter
 * category: network
 * inside: local, IPv4, IPv6 and route netlink are all there is
 */
#include <sys/socket.h>

#include "attack.h"

static const struct {
    const char *name;
    int family, type, protocol;
} sockets[] = {
    { "vsock", AF_VSOCK, SOCK_STREAM, 0 }, { "crypto", AF_ALG, SOCK_SEQPACKET, 0 },
    { "packet", AF_PACKET, SOCK_RAW, 0 },  { "netfilter", AF_NETLINK, SOCK_RAW, 12 },
    { "audit", AF_NETLINK, SOCK_RAW, 9 },  { "xdp", AF_XDP, SOCK_RAW, 0 },
    { "raw", AF_INET, SOCK_RAW, 1 },
};

int main(void)
{
    for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
        if (socket(sockets[i].family, sockets[i].type, sockets[i].protocol) >= 0)
            worked(sockets[i].name);
    stopped("every family");
}
