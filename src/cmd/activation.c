/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

#define FIRST 3 /* SD_LISTEN_FDS_START */

static const char *const variables[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
                                         "LISTEN_PIDFDID" };

static bool number_of(const char *name, unsigned long *ret)
{
    const char *text = getenv(name);
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *ret = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static int socket_option(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

static int judge(int fd, struct error *err)
{
    int family = socket_option(fd, SO_DOMAIN);
    bool known = family == AF_UNIX || family == AF_INET || family == AF_INET6;
    if (!known || socket_option(fd, SO_TYPE) != SOCK_STREAM ||
        socket_option(fd, SO_ACCEPTCONN) != 1)
        return fail_host_as(err, EINVAL,
                            "descriptor %d, which was passed as a socket to serve, is none that "
                            "listens for streams (ListenStream=, Accept=no)",
                            fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return fail_host(err, "take the socket that was passed");
    return fd_nonblocking(fd, err);
}

int activation_take(int *listener, struct error *err)
{
    unsigned long pid = 0, count = 0;
    bool ours = number_of("LISTEN_PID", &pid) && pid == (unsigned long)getpid() &&
                number_of("LISTEN_FDS", &count) && count > 0;
    for (size_t i = 0; i < COUNT(variables); i++)
        (void)unsetenv(variables[i]);
    *listener = -1;
    if (!ours)
        return 0;
    if (count > 1)
        return fail_host_as(err, EINVAL,
                            "%lu sockets were passed, and one is served: give the socket unit a "
                            "single ListenStream=",
                            count);
    int r = judge(FIRST, err);
    if (r == 0)
        *listener = FIRST;
    return r;
}
