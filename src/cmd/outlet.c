/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/outlet.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

struct outlet {
    int fd; /* borrowed */
    struct outlet_owner owner;
    struct event *writable; /* NULL: a file or a device that is always ready */
    bool no_wait;           /* the kernel takes RWF_NOWAIT for it */
    bool broken, mid_line;
    struct str waiting;
    size_t at; /* of waiting: written so far */
};

static bool can_wait(int fd)
{
    autoclose int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLOUT };
    return epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* As much of what waits as goes without waiting. `ready`: poll has just said that
 * something goes; then a pipe takes PIPE_BUF bytes at least. -1 with EAGAIN when
 * nothing goes. */
static ssize_t write_some(struct outlet *outlet, bool ready)
{
    char *bytes = outlet->waiting.data + outlet->at;
    size_t len = outlet->waiting.len - outlet->at;
    if (!outlet->writable)
        return write(outlet->fd, bytes, len);
    if (outlet->no_wait) {
        struct iovec part = { .iov_base = bytes, .iov_len = len };
        ssize_t n = pwritev2(outlet->fd, &part, 1, -1, RWF_NOWAIT);
        if (n >= 0 ||
            (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS && errno != ESPIPE))
            return n;
        outlet->no_wait = false;
    }
    if (!ready) {
        errno = EAGAIN;
        return -1;
    }
    return write(outlet->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
}

/* What waits is forgotten, and with it the reason to hold the source. */
static void outlet_break(struct outlet *outlet, int code)
{
    outlet->broken = true;
    outlet->at = outlet->waiting.len = 0;
    if (outlet->writable)
        (void)event_del(outlet->writable);
    outlet->owner.broken(outlet->owner.context, code);
}

/* True when nothing waits any more, also because nobody reads any more. */
static bool push(struct outlet *outlet, bool ready)
{
    while (outlet->at < outlet->waiting.len) {
        ssize_t n = write_some(outlet, ready);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && outlet->writable)
            return false;
        if (n < 0) {
            outlet_break(outlet, errno);
            return true;
        }
        outlet->at += (size_t)n;
        ready = false;
    }
    outlet->at = outlet->waiting.len = 0;
    return true;
}

static void outlet_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct outlet *outlet = context;
    if (push(outlet, true))
        outlet->owner.drained(outlet->owner.context);
    else
        (void)event_add(outlet->writable, NULL);
}

struct outlet *outlet_new(struct event_base *base, int fd, const struct outlet_owner *owner)
{
    struct outlet *outlet = xcalloc(1, sizeof(*outlet));
    outlet->fd = fd;
    outlet->owner = *owner;
    outlet->no_wait = true;
    if (can_wait(fd))
        outlet->writable = event_new(base, fd, EV_WRITE, outlet_ready, outlet);
    return outlet;
}

void outlet_write(struct outlet *outlet, const void *bytes, size_t len)
{
    if (outlet->broken || len == 0)
        return;
    outlet->mid_line = ((const char *)bytes)[len - 1] != '\n';
    bool waits = outlet->waiting.len > 0;
    str_add(&outlet->waiting, bytes, len);
    if (waits || push(outlet, false))
        return;
    (void)event_add(outlet->writable, NULL);
    outlet->owner.filled(outlet->owner.context);
}

void outlet_free(struct outlet *outlet)
{
    struct error ignored = { 0 };
    if (!outlet->broken)
        (void)!fd_write_all(outlet->fd, outlet->waiting.data + outlet->at,
                            outlet->waiting.len - outlet->at, &ignored);
    if (outlet->writable)
        event_free(outlet->writable);
    str_done(&outlet->waiting);
    free(outlet);
}

bool outlet_mid_line(const struct outlet *outlet)
{
    return outlet->mid_line;
}
