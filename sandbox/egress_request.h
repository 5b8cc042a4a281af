/* SPDX-License-Identifier: Apache-2.0 */
/* egress_request.h - the head of a request to a proxy, as strict as can be.
 *
 *     CONNECT example.org:443 HTTP/1.1        a tunnel
 *     GET http://example.org/path HTTP/1.1    one request, one answer
 *
 * Sources: RFC 9112 (3.2.2, 3.2.3, 5, 6.3) and RFC 9110 (7.6.1, 9.3.6). Where
 * those let a recipient be lenient this one is not: what two parsers could
 * read in two ways is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "str.h"

#define REQUEST_HEAD_MAX    8192
#define REQUEST_HEADERS_MAX 100
#define REQUEST_METHOD_MAX  16

struct request_header {
    const char *line; /* without its end */
    size_t len, name_len;
};

/* Points into the bytes it was read from. */
struct proxy_request {
    bool tunnel;
    char minor; /* of HTTP/1: '0' or '1' */
    char method[REQUEST_METHOD_MAX];
    struct host to;   /* with its port */
    const char *path; /* with its query; empty: "/" */
    size_t path_len;
    struct request_header headers[REQUEST_HEADERS_MAX];
    size_t header_count;
    uint64_t body_len; /* what follows the head and belongs to the request */
    size_t head_len;
};

/* What is wrong, as an answer says it. */
struct request_fault {
    int status;
    const char *reason; /* of the status line */
    const char *text;   /* one sentence */
};

enum request_verdict { REQUEST_MORE, REQUEST_WHOLE, REQUEST_BAD };

/* `bytes` from the beginning of a connection. REQUEST_MORE: the head has not ended yet. */
enum request_verdict request_parse(const char *bytes, size_t len, struct proxy_request *ret,
                                   struct request_fault *fault);

/* The head that goes on to the server itself: origin form, our own Host and
 * Connection, nothing that was meant for a proxy. With `upstream` it goes to
 * another proxy: absolute form, and its credentials where they are not NULL. */
struct request_upstream {
    const char *authorization; /* "Basic ...", or NULL */
};
void request_forward(const struct proxy_request *request, const struct request_upstream *upstream,
                     struct str *out);
