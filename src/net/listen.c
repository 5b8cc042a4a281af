/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - sockets that wait for clients. */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "str.h"

#define WAITING_MAX 1024 /* connections that are made and not yet accepted */

/* A peer that has not answered for so long is gone. */
#define SILENT_S   30
#define ASK_S      10
#define ASK_TIMES  3
#define UNACKED_MS 30000

int address_of_path(const char *path, struct address *ret, struct error *err)
{
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    if (path[0] == '\0')
        return fail_caller(err, EINVAL, "the path of a Unix socket is wanted");
    if (strlen(path) >= sizeof(where.sun_path))
        return fail_caller(err, ENAMETOOLONG,
                           "the path of a Unix socket has at most %zu characters, and %s has %zu",
                           sizeof(where.sun_path) - 1, path, strlen(path));
    (void)snprintf(where.sun_path, sizeof(where.sun_path), "%s", path);
    *ret = (struct address){ .len = sizeof(where), .local = true };
    memcpy(&ret->where, &where, sizeof(where));
    return 0;
}

static bool port_parse(const char *text, in_port_t *ret)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || strlen(text) > 5 || *end || port > UINT16_MAX)
        return false;
    *ret = htons((uint16_t)port);
    return true;
}

static bool loopback4(struct in_addr at)
{
    return ntohl(at.s_addr) >> 24 == 127;
}

static bool internet_parse(const char *host, in_port_t port, struct address *ret)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = port };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = port };
    size_t len = strlen(host);
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
        *ret = (struct address){ .len = sizeof(four), .local = loopback4(four.sin_addr) };
        memcpy(&ret->where, &four, sizeof(four));
        return true;
    }
    char inner[INET6_ADDRSTRLEN];
    if (len < 2 || len - 2 >= sizeof(inner) || host[0] != '[' || host[len - 1] != ']')
        return false;
    (void)snprintf(inner, sizeof(inner), "%.*s", (int)(len - 2), host + 1);
    if (inet_pton(AF_INET6, inner, &six.sin6_addr) != 1)
        return false;
    *ret = (struct address){ .len = sizeof(six), .local = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) };
    memcpy(&ret->where, &six, sizeof(six));
    return true;
}

int address_parse(const char *text, struct address *ret, struct error *err)
{
    if (starts_with(text, "unix:"))
        return address_of_path(text + strlen("unix:"), ret, err);
    const char *colon = strrchr(text, ':');
    autofree char *host = colon ? xstrndup(text, (size_t)(colon - text)) : NULL;
    in_port_t port;
    if (host && port_parse(colon + 1, &port) && internet_parse(host, port, ret))
        return 0;
    return fail_caller(err, EINVAL,
                       "%s is no ADDRESS:PORT, such as 127.0.0.1:8000, [::1]:8000 or localhost:0",
                       text);
}

/* The file of a server that is gone stays: who was caged could not remove it. */
static int remove_leftover(const struct address *address, struct error *err)
{
    const struct sockaddr_un *where = (const struct sockaddr_un *)(const void *)&address->where;
    struct stat st;
    autoclose int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0 || lstat(where->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return fail_host_as(err, EEXIST, "there is %s, not a socket",
                            S_ISLNK(st.st_mode)   ? "a link"
                            : S_ISDIR(st.st_mode) ? "a directory"
                            : S_ISREG(st.st_mode) ? "a file"
                                                  : "a device or a pipe");
    if (connect(probe, (const struct sockaddr *)where, address->len) < 0 && errno == ECONNREFUSED)
        (void)unlink(where->sun_path);
    return 0;
}

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

static void prepare_internet(int fd)
{
    /* Without these it works too, less well: not worth a refusal. */
    (void)set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    (void)set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    (void)set(fd, IPPROTO_TCP, TCP_KEEPIDLE, SILENT_S);
    (void)set(fd, IPPROTO_TCP, TCP_KEEPINTVL, ASK_S);
    (void)set(fd, IPPROTO_TCP, TCP_KEEPCNT, ASK_TIMES);
    (void)set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS);
}

int address_listen(const struct address *address, struct error *err)
{
    bool internet = address->where.ss_family != AF_UNIX;
    autoclose int fd =
        socket(address->where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_host(err, "make a socket");
    if (internet)
        prepare_internet(fd);
    else if (remove_leftover(address, err) < 0)
        return -err->code;
    mode_t mask = umask(0177);
    int r = bind(fd, (const struct sockaddr *)&address->where, address->len);
    int failed = errno;
    (void)umask(mask);
    errno = failed;
    if (r < 0)
        return fail_host(err, "take the address");
    if (listen(fd, WAITING_MAX) < 0)
        return fail_host(err, "listen");
    return fd_take(&fd);
}

bool address_is_local(int listener)
{
    struct sockaddr_storage where = { 0 };
    socklen_t len = sizeof(where);
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (getsockname(listener, (struct sockaddr *)&where, &len) < 0)
        return false;
    memcpy(&four, &where, sizeof(four));
    memcpy(&six, &where, sizeof(six));
    return where.ss_family == AF_UNIX || (where.ss_family == AF_INET && loopback4(four.sin_addr)) ||
           (where.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six.sin6_addr));
}

char *address_text(int listener)
{
    struct sockaddr_storage where = { 0 };
    socklen_t len = sizeof(where);
    char host[INET6_ADDRSTRLEN] = "?";
    (void)getsockname(listener, (struct sockaddr *)&where, &len);
    if (where.ss_family == AF_UNIX)
        return xasprintf("unix:%s", ((struct sockaddr_un *)(void *)&where)->sun_path);
    if (where.ss_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, &where, sizeof(six));
        (void)inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof(host));
        return xasprintf("[%s]:%u", host, ntohs(six.sin6_port));
    }
    struct sockaddr_in four;
    memcpy(&four, &where, sizeof(four));
    (void)inet_ntop(AF_INET, &four.sin_addr, host, sizeof(host));
    return xasprintf("%s:%u", host, ntohs(four.sin_port));
}
