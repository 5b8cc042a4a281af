/* SPDX-License-Identifier: Apache-2.0 */
/* attack: leaves 160 MB of datagrams to itself unread, where 64 MB are allowed
 * category: resources
 * inside: what lies in network sockets counts as memory, or is bounded by itself
 * limits: open_files=4096
 * options: --memory 64M
 * expect: stopped memory
 * open as user: without a control group nobody counts what the kernel keeps for a process
 */
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "attack.h"

#define WANTED  (160UL << 20)
#define SOCKETS 2000

static char piece[32 * 1024];

/* With as many datagrams in it as it takes; more are dropped, which is an error to nobody. */
static int full_socket(int sender)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    int wish = 16 << 20, receiver = socket(AF_INET, SOCK_DGRAM, 0);
    if (receiver < 0 || bind(receiver, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        getsockname(receiver, (struct sockaddr *)&address, &len) < 0)
        return -1;
    (void)setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &wish, sizeof(wish));
    for (int i = 0; i < 16; i++)
        (void)sendto(sender, piece, sizeof(piece), MSG_DONTWAIT, (struct sockaddr *)&address, len);
    return receiver;
}

int main(void)
{
    static int full[SOCKETS];
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    int count = 0, sender = socket(AF_INET, SOCK_DGRAM, 0);
    while (count < SOCKETS && (full[count] = full_socket(sender)) >= 0)
        count++;
    usleep(200 * 1000);
    unsigned long held = 0; /* what was there is what comes out */
    for (int i = 0; i < count; i++)
        for (ssize_t n; (n = recv(full[i], piece, sizeof(piece), MSG_DONTWAIT)) > 0;)
            held += (unsigned long)n;
    printf("%lu MB in %d sockets\n", held >> 20, count);
    errno = ENOBUFS;
    if (held < WANTED)
        stopped("sendto");
    worked("more than twice the memory");
}
