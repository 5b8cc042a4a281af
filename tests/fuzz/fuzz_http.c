/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http.c - a client's bytes at a server of ours, through libevent and all.
 *
 * The pieces in which they come are cut at each byte of 0xff. What is handed on must have been a
 * request within every limit; a head that is good as a whole must be good at each of its bytes; and
 * a body in chunks must be read alike in whatever pieces it comes. */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "net/http.h"
#include "net/http_chunks.h"
#include "net/http_head.h"
#include "str.h"

/* A request's own turns, and some for its end. */
#define TURNS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_base *base;
static struct http *http;
static struct sockaddr_un where;
static socklen_t where_len;
static struct http_request *waiting;

static void on_gone(void *context)
{
    (void)context;
    waiting = NULL;
}

static bool check_header(void *context, const char *name, const char *value)
{
    unsigned *count = context;
    assert(*name && value && !strpbrk(name, " \t:\r\n") && !strpbrk(value, "\r\n"));
    (*count)++;
    return true;
}

/* /stream is a stream, /wait waits for its client to go; the rest is told what it is. */
static void on_request(void *context, struct http_request *request)
{
    unsigned headers = 0;
    size_t len;
    (void)context;
    const char *path = http_path(request), *body = http_body(request, &len);
    assert(http_method(request)[0] && path && body && len <= HTTP_BODY_MAX);
    assert(http_each_header(request, check_header, &headers) && headers <= HTTP_LINES_MAX);
    assert(http_header_count(request, "Host") <= 1);
    if (strcmp(path, "/wait") == 0 && !waiting) {
        waiting = request;
        http_watch(request, on_gone, NULL);
        return;
    }
    if (strcmp(path, "/stream") == 0) {
        http_stream(request, NULL);
        http_stream_send(request, "data: {}\n\n", 10);
        http_stream_end(request);
        return;
    }
    http_reply(request, 200, NULL, body, len);
}

/* On an address without a name in any file system. */
static void start(void)
{
    struct error err;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    where.sun_family = AF_UNIX;
    where_len = sizeof(where);
    int r = bind(listener, (const struct sockaddr *)&where, sizeof(sa_family_t));
    assert(r == 0 && listen(listener, 16) == 0);
    r = getsockname(listener, (struct sockaddr *)&where, &where_len);
    assert(r == 0);
    base = http_loop(&err);
    assert(base);
    const struct http_parts parts = { .base = base, .listener = listener, .request = on_request };
    http = http_new(&parts);
}

static void turn(void)
{
    for (int i = 0; i < TURNS; i++)
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static void talk(const char *text, size_t size)
{
    char answer[4096];
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r = connect(client, (const struct sockaddr *)&where, where_len);
    assert(r == 0);
    turn();
    while (size > 0) {
        const char *end = memchr(text, 0xff, size);
        size_t len = end ? (size_t)(end - text) : size;
        (void)send(client, text, len, MSG_NOSIGNAL);
        turn();
        while (recv(client, answer, sizeof(answer), 0) > 0)
            turn();
        len += end ? 1 : 0;
        text += len;
        size -= len;
    }
    (void)close(client);
    turn();
    if (waiting) /* its client had sent more than is read */
        http_reply(TAKE(&waiting), 200, NULL, NULL, 0);
    turn();
}

static void check_head(const char *text, size_t size)
{
    struct http_head head;
    const char *end = memmem(text, size, "\r\n\r\n", 4);
    if (!end)
        return;
    size_t len = (size_t)(end - text) + 4;
    if (http_head_read(text, len, HTTP_BODY_MAX, &head) != 0)
        return;
    assert(head.lines <= HTTP_LINES_MAX && head.length <= HTTP_BODY_MAX);
    assert(!head.chunked || head.length == 0);
    assert(!memchr(text, '\0', len));
    for (size_t i = 1; i <= len; i++)
        assert(http_head_begun(text, i, 1) == 0);
}

static void check_chunks(const char *text, size_t size)
{
    struct http_chunks whole = { 0 }, ones = { 0 };
    int status = http_chunks_read(&whole, text, size, HTTP_BODY_MAX, HTTP_HEAD_MAX);
    int same = 0;
    for (size_t i = 0; i < size && same == 0; i++)
        same = http_chunks_read(&ones, text + i, 1, HTTP_BODY_MAX, HTTP_HEAD_MAX);
    assert(status == same && whole.state == ones.state && whole.length == ones.length);
    assert(status || whole.length <= HTTP_BODY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (!base)
        start();
    check_head(text, size);
    check_chunks(text, size);
    talk(text, size);
    return 0;
}
