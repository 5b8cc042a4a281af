/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cordon/own.h>

#include "str.h"

#define FEED_BYTES (64 * 1024)

struct feed {
    int from, to;
    struct event *readable; /* NULL where `from` cannot be waited for */
    struct event *writable;
    size_t at, len; /* of bytes: read and not yet written */
    char bytes[FEED_BYTES];
};

/* Files and a few devices are always ready, and epoll refuses them. */
static bool can_wait(int fd)
{
    autoclose int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    return epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void feed_stop(struct feed *feed)
{
    if (feed->readable)
        (void)event_del(feed->readable);
    if (feed->writable)
        (void)event_del(feed->writable);
    own_close(&feed->from);
    own_close(&feed->to);
    feed->from = feed->to = -1;
}

static void feed_wait(struct feed *feed)
{
    bool empty = feed->at == feed->len;
    (void)event_add(empty && feed->readable ? feed->readable : feed->writable, NULL);
}

static void feed_read(struct feed *feed)
{
    ssize_t n = read(feed->from, feed->bytes, sizeof(feed->bytes));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        feed_stop(feed); /* our closed end is the script's end of file */
        return;
    }
    feed->at = 0;
    feed->len = (size_t)n;
}

static void feed_write(struct feed *feed)
{
    if (feed->at == feed->len)
        return;
    ssize_t n = write(feed->to, feed->bytes + feed->at, feed->len - feed->at);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0)
        feed_stop(feed); /* EPIPE: nobody reads it any more */
    else
        feed->at += (size_t)n;
}

static void feed_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct feed *feed = context;
    if (feed->at == feed->len)
        feed_read(feed);
    if (feed->from >= 0)
        feed_write(feed);
    if (feed->from >= 0)
        feed_wait(feed);
}

struct feed *feed_new(struct event_base *base, int from, int to)
{
    struct feed *feed = xcalloc(1, sizeof(*feed));
    feed->from = from;
    feed->to = to;
    if (can_wait(from))
        feed->readable = event_new(base, from, EV_READ, feed_ready, feed);
    feed->writable = event_new(base, to, EV_WRITE, feed_ready, feed);
    return feed;
}

void feed_start(struct feed *feed)
{
    if (feed->from >= 0)
        feed_wait(feed);
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    feed_stop(feed);
    if (feed->readable)
        event_free(feed->readable);
    if (feed->writable)
        event_free(feed->writable);
    free(feed);
}
