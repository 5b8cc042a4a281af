/* SPDX-License-Identifier: Apache-2.0 */
/* attack: queues 200 MB in local sockets where 64 MB are allowed
 * category: resources
 * inside: what lies in sockets counts as memory, or is bounded by their number
 * options: --memory 64M
 * expect: stopped memory
 * open as user: without a control group nobody counts what the kernel keeps for a process
 */
#include <sys/socket.h>

#include "attack.h"

int main(void)
{
    static char piece[64 * 1024];
    size_t total = 0;
    int wish = 4 << 20;
    for (int i = 0; i < 500; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
            break;
        for (int side = 0; side < 2; side++) {
            (void)setsockopt(ends[side], SOL_SOCKET, SO_SNDBUF, &wish, sizeof(wish));
            for (ssize_t n; (n = write(ends[side], piece, sizeof(piece))) > 0;)
                total += (size_t)n;
        }
        if (total >= 200U << 20) {
            usleep(100 * 1000);
            worked("200 MB in sockets");
        }
    }
    stopped("socketpair");
}
