/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/manager.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TEXT_MAX 512

/* "/PATH", or "@NAME" for one without a file. */
static socklen_t address_of(const char *text, struct sockaddr_un *ret)
{
    size_t len = strlen(text);
    *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (len < 2 || len >= sizeof(ret->sun_path) || (*text != '/' && *text != '@'))
        return 0;
    memcpy(ret->sun_path, text, len);
    if (*text == '@')
        ret->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void manager_tell(const char *fmt, ...)
{
    struct sockaddr_un address;
    const char *where = getenv("NOTIFY_SOCKET");
    socklen_t len = where ? address_of(where, &address) : 0;
    if (len == 0)
        return;
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
}
