/* SPDX-License-Identifier: Apache-2.0 */
/* attack: attaches filters to sockets, which the kernel compiles into room of the whole host
 * category: resources
 * inside: no filter is attached; a box with all of that room keeps everybody from loading one
 * expect: stopped
 */
#include <linux/filter.h>
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    struct sock_filter accept_all = { .code = BPF_RET | BPF_K, .k = 0xffff };
    struct sock_fprog filter = { .len = 1, .filter = &accept_all };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        stopped("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0)
        worked("SO_ATTACH_FILTER");
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof(filter)) == 0)
        worked("SO_ATTACH_REUSEPORT_CBPF");
    stopped("setsockopt");
}
