/* SPDX-License-Identifier: Apache-2.0 */
/* http_head.h - may this be the head of a request? (RFC 9112, RFC 9110)
 *
 * A pure function in front of libevent's reader, which is more generous than a server may be that
 * stands behind proxies: it takes folded lines, bytes of zero, blanks before colons, two lengths,
 * HTTP/1.7, and answers an unknown method with the status 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request line of 8 KiB and some headers of 4 KiB, such as a long token, have room. */
#define HTTP_HEAD_MAX  (32UL * 1024)
#define HTTP_LINES_MAX 100

struct http_head {
    unsigned lines;  /* of headers */
    uint64_t length; /* of the body; 0 also where it comes in chunks */
    bool chunked;
    bool v10; /* HTTP/1.0 */
};

/* `text`: a whole head with the empty line at its end, `len` bytes. Returns 0 and fills *ret, or
 * the status to answer with: 400, 413 (a body of more than `body_max`), 417, 431, 501, 505. */
int http_head_read(const char *text, size_t len, uint64_t body_max, struct http_head *ret);

/* Of a head of which `len` bytes have come, and all but the last `more` were looked at: 0, or the
 * status to answer with already, because this is no HTTP/1, or its lines end otherwise. */
int http_head_begun(const char *text, size_t len, size_t more);
