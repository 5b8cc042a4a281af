/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - usage: load HOST PORT CONNECTIONS SECONDS FILE. One request after the other on each of
 * so many connections that stay open: the bytes of FILE, which are sent as they are. Replies must
 * be 200 and have a length. Prints how many were answered in how long, the median and the 99th of a
 * hundred in microseconds, and the processor time of its own: one thread, so that it is plain when
 * it and not the server was at its limit.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOM      (256 * 1024)
#define TIMES_MAX 4000000

struct connection {
    int fd;
    uint64_t sent_ns;
    size_t come, whole; /* bytes of the reply; 0: its head has not come */
    char text[ROOM];
};

static char request[ROOM];
static size_t request_len;
static uint32_t *times;
static size_t count;

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void ask(struct connection *connection)
{
    connection->come = connection->whole = 0;
    connection->sent_ns = now_ns();
    if (send(connection->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
        give_up("send");
}

/* Where the reply ends, once its head is there. */
static size_t find_end(struct connection *connection)
{
    connection->text[connection->come] = '\0';
    const char *end = strstr(connection->text, "\r\n\r\n");
    if (!end)
        return 0;
    const char *length = strcasestr(connection->text, "\r\nContent-Length:");
    if (strncmp(connection->text, "HTTP/1.1 200 ", 13) != 0 || !length || length > end) {
        (void)fprintf(stderr, "not what was asked for: %.200s\n", connection->text);
        exit(1);
    }
    return (size_t)(end + 4 - connection->text) + strtoul(length + 17, NULL, 10);
}

static void hear(struct connection *connection)
{
    size_t room = ROOM - 1 - connection->come;
    ssize_t n = recv(connection->fd, connection->text + connection->come, room, 0);
    if (n <= 0)
        give_up("recv");
    connection->come += (size_t)n;
    if (connection->whole == 0)
        connection->whole = find_end(connection);
    if (connection->whole == 0 || connection->come < connection->whole)
        return;
    if (count < TIMES_MAX)
        times[count++] = (uint32_t)((now_ns() - connection->sent_ns) / 1000);
    ask(connection);
}

static int reach(const char *host, const char *port)
{
    struct sockaddr_in where = { .sin_family = AF_INET };
    where.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, host, &where.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&where, sizeof(where)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
        give_up("connect");
    return fd;
}

static int compare(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

static void print_figures(uint64_t begun_ns)
{
    struct rusage own;
    double seconds = (double)(now_ns() - begun_ns) / 1e9;
    (void)getrusage(RUSAGE_SELF, &own);
    double cpu = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                 (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
    if (count == 0)
        exit(1);
    qsort(times, count, sizeof(*times), compare);
    (void)printf("{\"answered\": %zu, \"seconds\": %.6f, \"p50_us\": %u, \"p99_us\": %u, "
                 "\"client_cpu_seconds\": %.6f}\n",
                 count, seconds, times[count / 2], times[count * 99 / 100], cpu);
}

static void read_request(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        give_up(path);
    request_len = fread(request, 1, sizeof(request), file);
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    long connections = strtol(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    times = calloc(TIMES_MAX, sizeof(*times));
    if (loop < 0 || !times || connections < 1)
        give_up("begin");
    read_request(argv[5]);
    uint64_t begun = now_ns(), end = begun + (uint64_t)(seconds * 1e9);
    for (long i = 0; i < connections; i++) {
        struct connection *connection = calloc(1, sizeof(*connection));
        if (!connection)
            give_up("calloc");
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
        connection->fd = reach(argv[1], argv[2]);
        (void)epoll_ctl(loop, EPOLL_CTL_ADD, connection->fd, &event);
        ask(connection);
    }
    while (now_ns() < end) {
        struct epoll_event events[64];
        int n = epoll_wait(loop, events, 64, 1000);
        for (int i = 0; i < n; i++)
            hear(events[i].data.ptr);
    }
    print_figures(begun);
    return 0;
}
