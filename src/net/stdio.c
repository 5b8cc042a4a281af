/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c - lines in and out over the two descriptors a client gave us. */
#include "stdio.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "str.h"

#define CHUNK_BYTES (64UL * 1024)

/* A line buffer that grew beyond this is given back after its line. */
#define LINE_KEPT_MAX (256UL * 1024)

struct stdio {
    struct stdio_events events;
    int in, out;
    struct event *readable, *writable, *closing;
    struct evbuffer *queue;
    struct str line; /* the part of a line that came so far */
    bool skipping;   /* it is too long: `line` keeps its head */
    bool stopped;    /* no more reading, for good */
    bool paused;     /* no reading until the queue is short again */
    bool deaf;       /* the client reads no more */
    char chunk[CHUNK_BYTES];
    size_t read, taken; /* bytes in the chunk, and of them those that are done with */
};

/* --- the descriptors ------------------------------------------------------- */

/* A description of our own, so that O_NONBLOCK does not reach the shell or the
 * client that shares the old one. Only pipes and terminals can be opened again
 * without losing anything (a file would start over; a socket cannot). */
static int reopen(int fd, int mode)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        int again = open(path, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (again > STDERR_FILENO)
            return again;
        own_close(&again);
    }
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int flags = copy < 0 ? -1 : fcntl(copy, F_GETFL);
    if (flags >= 0 && !S_ISREG(st.st_mode))
        (void)fcntl(copy, F_SETFL, flags | O_NONBLOCK);
    return copy;
}

int stdio_claim(int *in, int *out, struct error *err)
{
    autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return fail_host(err, "open /dev/null");
    if (null <= STDERR_FILENO)
        return fail_host_as(err, EBADF, "standard input, output and error must be open");

    autoclose int mine_in = reopen(STDIN_FILENO, O_RDONLY);
    if (mine_in < 0)
        return fail_host(err, "take standard input");
    autoclose int mine_out = reopen(STDOUT_FILENO, O_WRONLY);
    if (mine_out < 0)
        return fail_host(err, "take standard output");

    /* A client that never reads our log must not stop us: a line that does not fit is lost. */
    autoclose int log = reopen(STDERR_FILENO, O_WRONLY);
    if (log >= 0 && dup2(log, STDERR_FILENO) < 0)
        return fail_host(err, "take standard error");
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || dup2(null, STDIN_FILENO) < 0)
        return fail_host(err, "set standard input and output aside");
    *in = fd_take(&mine_in);
    *out = fd_take(&mine_out);
    return 0;
}

static bool epoll_takes(int epoll, int fd)
{
    struct epoll_event event = { .events = EPOLLIN };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct event_base *stdio_loop(int in, int out, struct error *err)
{
    struct event_config *config = event_config_new();
    if (!config)
        abort();
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    autoclose int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || !epoll_takes(epoll, in) || !epoll_takes(epoll, out))
        (void)event_config_avoid_method(config, "epoll");
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base)
        (void)fail_host_as(err, ENOSYS, "no way to wait for events");
    return base;
}

/* --- in ---------------------------------------------------------------------- */

/* Told from the loop, never from inside stdio_send(): the listener ends calls
 * then, and the sender may be one of them. */
static void on_closing(evutil_socket_t fd, short what, void *context)
{
    const struct stdio *stdio = context;
    (void)fd;
    (void)what;
    stdio->events.closed(stdio->events.context);
}

static void tell_closed(struct stdio *stdio)
{
    if (stdio->stopped)
        return;
    stdio_stop(stdio);
    event_active(stdio->closing, EV_TIMEOUT, 0);
}

static void line_reset(struct stdio *stdio)
{
    if (stdio->line.room > LINE_KEPT_MAX)
        str_done(&stdio->line);
    stdio->line.len = 0;
    stdio->skipping = false;
}

/* More of the current line. Once it is too long only its head stays. */
static void line_more(struct stdio *stdio, const char *bytes, size_t len)
{
    if (stdio->skipping)
        return;
    if (stdio->line.len + len <= STDIO_LINE_MAX) {
        str_add(&stdio->line, bytes, len);
        return;
    }
    size_t have = stdio->line.len < STDIO_HEAD_MAX ? stdio->line.len : STDIO_HEAD_MAX;
    struct str head = { 0 };
    if (have > 0)
        str_add(&head, stdio->line.data, have);
    str_done(&stdio->line);
    stdio->line = head;
    stdio->skipping = true;
}

static void line_over(struct stdio *stdio)
{
    const struct stdio_events *events = &stdio->events;
    const char *text = stdio->line.data ? stdio->line.data : "";
    (stdio->skipping ? events->too_long : events->line)(events->context, text, stdio->line.len);
    line_reset(stdio);
}

/* What is left of the chunk, line by line; a small line may ask for a long reply, so it
 * ends where enough is queued, and goes on from there. */
static void take_chunk(struct stdio *stdio)
{
    while (stdio->taken < stdio->read && !stdio->stopped && !stdio->paused) {
        const char *at = stdio->chunk + stdio->taken;
        size_t left = stdio->read - stdio->taken;
        const char *newline = memchr(at, '\n', left);
        size_t len = newline ? (size_t)(newline - at) : left;
        stdio->taken += len + (newline != NULL);
        if (newline && stdio->line.len == 0 && !stdio->skipping) {
            stdio->events.line(stdio->events.context, at, len);
            continue;
        }
        line_more(stdio, at, len);
        if (newline)
            line_over(stdio);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct stdio *stdio = context;
    if (stdio->taken < stdio->read || !(what & EV_READ)) {
        take_chunk(stdio);
        return;
    }
    ssize_t n = read(fd, stdio->chunk, sizeof(stdio->chunk));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        stdio->taken = 0;
        stdio->read = (size_t)n;
        take_chunk(stdio);
        return;
    }
    /* A last line without its end is still a message. */
    if (stdio->line.len > 0)
        line_over(stdio);
    tell_closed(stdio);
}

void stdio_stop(struct stdio *stdio)
{
    stdio->stopped = true;
    event_del(stdio->readable);
}

/* --- out --------------------------------------------------------------------- */

static void pace_reading(struct stdio *stdio)
{
    size_t queued = evbuffer_get_length(stdio->queue);
    bool pause = queued > (stdio->paused ? STDIO_QUEUE_MAX / 2 : STDIO_QUEUE_MAX);
    if (pause == stdio->paused || stdio->stopped)
        return;
    stdio->paused = pause;
    if (pause) {
        event_del(stdio->readable);
        return;
    }
    event_add(stdio->readable, NULL);
    if (stdio->taken < stdio->read)
        event_active(stdio->readable, EV_TIMEOUT, 0); /* there may be nothing to read */
}

/* The client closed its reading end: what is queued has nowhere to go. */
static void go_deaf(struct stdio *stdio)
{
    stdio->deaf = true;
    (void)evbuffer_drain(stdio->queue, evbuffer_get_length(stdio->queue));
    event_del(stdio->writable);
    stdio->events.flushed(stdio->events.context);
    tell_closed(stdio);
}

static void flush(struct stdio *stdio)
{
    while (evbuffer_get_length(stdio->queue) > 0) {
        int n = evbuffer_write(stdio->queue, stdio->out);
        if (n > 0 || (n < 0 && errno == EINTR))
            continue;
        if (n < 0 && errno != EAGAIN) {
            go_deaf(stdio);
            return;
        }
        event_add(stdio->writable, NULL);
        pace_reading(stdio);
        return;
    }
    pace_reading(stdio);
    stdio->events.flushed(stdio->events.context);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    flush(context);
}

void stdio_send(struct stdio *stdio, const char *line)
{
    if (stdio->deaf)
        return;
    bool waiting = evbuffer_get_length(stdio->queue) > 0;
    if (evbuffer_add(stdio->queue, line, strlen(line)) < 0 ||
        evbuffer_add(stdio->queue, "\n", 1) < 0)
        abort();
    if (waiting)
        pace_reading(stdio);
    else
        flush(stdio);
}

size_t stdio_pending(const struct stdio *stdio)
{
    return evbuffer_get_length(stdio->queue);
}

/* --- life -------------------------------------------------------------------- */

struct stdio *stdio_new(struct event_base *base, int in, int out, const struct stdio_events *events)
{
    struct stdio *stdio = xcalloc(1, sizeof(*stdio));
    stdio->events = *events;
    stdio->in = in;
    stdio->out = out;
    stdio->queue = evbuffer_new();
    stdio->readable = event_new(base, in, EV_READ | EV_PERSIST, on_readable, stdio);
    stdio->writable = event_new(base, out, EV_WRITE, on_writable, stdio);
    stdio->closing = event_new(base, -1, 0, on_closing, stdio);
    if (!stdio->queue || !stdio->readable || !stdio->writable || !stdio->closing)
        abort();
    event_add(stdio->readable, NULL);
    return stdio;
}

void stdio_free(struct stdio *stdio)
{
    if (!stdio)
        return;
    event_free(stdio->readable);
    event_free(stdio->writable);
    event_free(stdio->closing);
    evbuffer_free(stdio->queue);
    own_close(&stdio->in);
    own_close(&stdio->out);
    str_done(&stdio->line);
    free(stdio);
}
