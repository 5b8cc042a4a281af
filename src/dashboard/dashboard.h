/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard.h - the pages at `/` of `cordon serve --http`: what the server does and did, for
 * people.
 *
 * They are bytes in the program, the same for everybody and no secret: a browser shows no token
 * when it opens a page. What there is to see they ask for at /mcp, as any client does and with its
 * rights. Their policy lets them load nothing from elsewhere, be framed by nobody, and make no
 * markup or script of a string.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct http_request;

/* A file of this directory; CMakeLists.txt makes a list of them, which ends with a row without a
 * name. */
struct asset {
    const char *name;  /* "main.js" */
    const char *bytes; /* with a NUL behind them */
    const size_t *len;
    const char *tag; /* of what is in it, as an ETag is written */
};
extern const struct asset dashboard_assets[];

/* Answers a request for `/` or a file of the pages; false where it is for something else. */
bool dashboard_serve(struct http_request *request);
