/* SPDX-License-Identifier: Apache-2.0 */
/* attack: keys and protocols on a TCP socket: memory that nobody counts, and code that is loaded
 * category: system calls
 * inside: options of a socket are for sending and receiving
 * expect: stopped
 */
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        stopped("socket");
    struct tcp_md5sig key = { .tcpm_keylen = 4, .tcpm_key = "key!" };
    struct sockaddr_in *at = (struct sockaddr_in *)&key.tcpm_addr;
    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
    if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &key, sizeof(key)) == 0)
        worked("TCP_MD5SIG");
    /* Not of a connected socket: the kernel knows the protocol and says so. */
    if (setsockopt(fd, IPPROTO_TCP, 31, "tls", 3) == 0 || errno == ENOTCONN)
        worked("TCP_ULP");
    stopped("setsockopt");
}
