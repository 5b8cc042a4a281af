/* SPDX-License-Identifier: Apache-2.0 */
/* attack: five processes leave 600 MB in connections to themselves, where 64 MB are allowed
 * category: resources
 * inside: what lies in network sockets counts as memory, or is bounded by itself
 * limits: open_files=4096
 * options: --memory 64M
 * expect: stopped memory
 * open as user: without a control group nobody counts what the kernel keeps for a process
 */
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "attack.h"

#define PROCESSES 5
#define WANTED    (600UL << 20)

static char piece[64 * 1024];
static volatile unsigned long *held; /* by each process */

static int loopback_pair(int listener, int *other)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int from = socket(AF_INET, SOCK_STREAM, 0);
    if (from < 0 || getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
        connect(from, (struct sockaddr *)&address, len) < 0 ||
        (*other = accept(listener, NULL, NULL)) < 0)
        return -1;
    return from;
}

static void leave_all(int from, unsigned long *total)
{
    for (ssize_t n; (n = send(from, piece, sizeof(piece), MSG_DONTWAIT)) > 0;)
        *total += (unsigned long)n;
}

static unsigned long leave_in_connections(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    unsigned long total = 0;
    int other, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&any, sizeof(any)) < 0 ||
        listen(listener, 8) < 0)
        return 0;
    for (int i = 0; i < 700 && total < WANTED / PROCESSES; i++) {
        int from = loopback_pair(listener, &other);
        if (from < 0)
            break;
        leave_all(from, &total);
        leave_all(other, &total);
    }
    return total;
}

int main(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    held = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (held == MAP_FAILED)
        stopped("mmap");
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            held[i] = leave_in_connections();
            sleep(2); /* while the others fill theirs */
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    unsigned long sum = 0;
    for (int i = 0; i < PROCESSES; i++)
        sum += held[i];
    printf("%lu MB\n", sum >> 20);
    errno = ENOBUFS;
    if (sum < WANTED / 3)
        stopped("send");
    worked("hundreds of megabytes in connections");
}
