/* SPDX-License-Identifier: Apache-2.0 */
/* web_client.h - clients of a server in the same process: what one waits for, the loop brings. */
#pragma once

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/http.h"
#include "net/listen.h"
#include "unit.h"

static struct event_base *base;
static struct address address; /* of the server */

/* Makes the loop and the listener, which it returns. */
static inline int begin_listening(void)
{
    struct error err = { 0 };
    base = http_loop(&err);
    assert_non_null(base);
    assert_ok(address_parse("127.0.0.1:0", &address, &err), &err);
    int listener = address_listen(&address, &err);
    assert_true(listener >= 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address.where, &address.len), 0);
    return listener;
}

/* `room`: for what comes and is not read, in bytes; 0: as the kernel likes. */
static inline int client_with(int room)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (room > 0)
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address.where, address.len), 0);
    return fd;
}

static inline int client(void)
{
    return client_with(0);
}

static inline void turn(void)
{
    (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* All of it, however little of it the other side takes at once. */
static inline void say_bytes(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            text += n, len -= (size_t)n;
        else
            assert_int_equal(errno, EAGAIN);
        turn();
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* What has come when `end` is there, or the connection has ended. */
static inline char *hear(int fd, const char *end)
{
    static char text[65536];
    size_t len = 0;
    text[0] = '\0';
    for (;;) {
        struct pollfd waiting = { .fd = fd, .events = POLLIN };
        turn();
        if (poll(&waiting, 1, 1) == 0)
            continue;
        ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT);
        if (n <= 0)
            return text;
        len += (size_t)n;
        text[len] = '\0';
        if (end && strstr(text, end))
            return text;
    }
}

static inline void assert_heard(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static inline bool has_ended(int fd)
{
    char c;
    struct pollfd waiting = { .fd = fd, .events = POLLIN };
    turn();
    return poll(&waiting, 1, 0) == 1 && recv(fd, &c, 1, MSG_DONTWAIT) <= 0;
}
