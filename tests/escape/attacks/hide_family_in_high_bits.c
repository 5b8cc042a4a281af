/* SPDX-License-Identifier: Apache-2.0 */
/* attack: asks for netlink with rubbish above the family, which the kernel cuts off
 * category: system calls
 * inside: the filter looks at the bits the kernel looks at
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include "attack.h"

int main(void)
{
    static const unsigned long rubbish[] = { 1UL << 32, 0xffffffff00000000UL };
    for (size_t i = 0; i < COUNT(rubbish); i++)
        if (syscall(SYS_socket, AF_NETLINK | rubbish[i], (long)SOCK_RAW, 15L) >= 0 ||
            syscall(SYS_socket, AF_VSOCK | rubbish[i], (long)SOCK_STREAM, 0L) >= 0)
            worked("a socket");
    stopped("socket");
}
