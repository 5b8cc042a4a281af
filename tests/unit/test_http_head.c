/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/http_head.h"
#include "str.h"
#include "unit.h"

#define BODY_MAX 1000
#define GET      "GET / HTTP/1.1\r\n"
#define HOST     "Host: a\r\n"
#define POST     "POST /mcp HTTP/1.1\r\n" HOST

static void a_head_is_taken_or_refused_with_its_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        { GET HOST "\r\n", 0 },
        { "GET / HTTP/1.0\r\n\r\n", 0 },
        { "GET http://a/x HTTP/1.1\r\nhost: A\r\n\r\n", 0 },
        { POST "Content-Length: 1000\r\n\r\n", 0 },
        { POST "Transfer-Encoding: Chunked\r\n\r\n", 0 },
        { POST "Expect: 100-continue\r\n\r\n", 0 },
        { POST "X: a\tb \xc3\xa9\r\nY:\r\n\r\n", 0 },
        /* the request line */
        { "\r\n" GET HOST "\r\n", 400 },
        { "GET /\r\n\r\n", 400 },
        { "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET / / HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET / HTTP/1.1 \r\n" HOST "\r\n", 400 },
        { " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET a HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET http:// HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET http://b/ HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "get / HTTP/1.1\r\n" HOST "\r\n", 501 },
        { "BREW / HTTP/1.1\r\n" HOST "\r\n", 501 },
        { "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 501 },
        { "GET / HTTP/0.9\r\n\r\n", 505 },
        { "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
        { "GET / HTTP/3.0\r\n" HOST "\r\n", 505 },
        { "GET / HTTP/1.7\r\n" HOST "\r\n", 505 },
        { "GET / HTTP/1.10\r\n" HOST "\r\n", 400 },
        { "GET / http/1.1\r\n" HOST "\r\n", 400 },
        { "PRI * HTTP/2.0\r\n\r\n", 505 },
        /* headers */
        { GET "\r\n", 400 },
        { GET HOST HOST "\r\n", 400 },
        { GET HOST " folded: x\r\n\r\n", 400 },
        { GET HOST "X: a\r\n b\r\n\r\n", 400 },
        { GET HOST "X : a\r\n\r\n", 400 },
        { GET HOST "X\r\n\r\n", 400 },
        { GET HOST ": a\r\n\r\n", 400 },
        { GET HOST "X: a\x01\r\n\r\n", 400 },
        { GET HOST "X: a\rb\r\n\r\n", 400 },
        { GET HOST "X: a\nY: b\r\n\r\n", 400 },
        /* lengths */
        { POST "Content-Length: 1001\r\n\r\n", 413 },
        { POST "Content-Length: 99999999999999999999999999\r\n\r\n", 413 },
        { POST "Content-Length: +1\r\n\r\n", 400 },
        { POST "Content-Length: -1\r\n\r\n", 400 },
        { POST "Content-Length: 0x1\r\n\r\n", 400 },
        { POST "Content-Length: 1, 1\r\n\r\n", 400 },
        { POST "Content-Length:\r\n\r\n", 400 },
        { POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
        { POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
        { POST "Transfer-Encoding: identity\r\n\r\n", 501 },
        { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { POST "Expect: a miracle\r\n\r\n", 417 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_head head;
        int status = http_head_read(rows[i].text, strlen(rows[i].text), BODY_MAX, &head);
        if (status != rows[i].status)
            fail_msg("%d and not %d: %s", status, rows[i].status, rows[i].text);
    }
    static const char zero[] = GET HOST "X: a\0b\r\n\r\n";
    struct http_head head;
    assert_int_equal(http_head_read(zero, sizeof(zero) - 1, BODY_MAX, &head), 400);
}

static void it_says_what_follows(void **state)
{
    (void)state;
    struct http_head head;
    static const char with_length[] = POST "Content-Length: 007\r\nX: y\r\n\r\n";
    assert_int_equal(http_head_read(with_length, strlen(with_length), BODY_MAX, &head), 0);
    assert_int_equal(head.length, 7);
    assert_int_equal(head.lines, 3);
    assert_false(head.chunked);
    assert_false(head.v10);
    static const char old[] = "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n";
    assert_int_equal(http_head_read(old, strlen(old), BODY_MAX, &head), 0);
    assert_true(head.v10);
}

static void a_head_has_so_many_lines(void **state)
{
    (void)state;
    autostr struct str text = { 0 };
    struct http_head head;
    str_puts(&text, GET HOST);
    for (int i = 1; i < HTTP_LINES_MAX; i++)
        str_puts(&text, "X: y\r\n");
    autofree char *most = xasprintf("%s\r\n", text.data);
    autofree char *more = xasprintf("%sX: y\r\n\r\n", text.data);
    assert_int_equal(http_head_read(most, strlen(most), BODY_MAX, &head), 0);
    assert_int_equal(http_head_read(more, strlen(more), BODY_MAX, &head), 431);
}

/* What is no HTTP/1 is told so before its sender waits for the end of a head in vain. */
static void a_beginning_is_refused_as_soon_as_it_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t refused_at; /* with so many bytes; 0: not */
        int status;
    } rows[] = {
        { GET HOST, 0, 0 },
        { "\x16\x03\x01", 1, 400 },
        { "GET /\r\n", 7, 400 },
        { "GET / HTTP/1.1\n", 15, 400 },
        { "GET / HTTP/2.0\r\n", 16, 505 },
        { "HELO x\r\n", 8, 400 },
        { GET "Host: a\nX", 24, 400 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strlen(rows[i].text), at = 0;
        int status = 0;
        while (at < len && status == 0)
            at++, status = http_head_begun(rows[i].text, at, 1);
        if (status != rows[i].status || (status && at != rows[i].refused_at))
            fail_msg("row %zu: %d after %zu bytes", i, status, at);
        assert_int_equal(http_head_begun(rows[i].text, len, len), rows[i].status);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_head_is_taken_or_refused_with_its_status),
    cmocka_unit_test(it_says_what_follows),
    cmocka_unit_test(a_head_has_so_many_lines),
    cmocka_unit_test(a_beginning_is_refused_as_soon_as_it_can_be),
};

UNIT_MAIN(tests)
