/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_inside.h - a request that may be served, for the files of endpoint alone. */
#pragma once

#include <stdbool.h>

#include "mcp/endpoint.h"
#include "mcp/exchange.h"

struct endpoint {
    struct endpoint_parts parts;
    struct http *http;
    struct exchanges exchanges;
    struct legacies *legacies;
    struct event *again; /* listeners are judged; NULL: nobody has shown anything */
};

/* What is known of a request once it may be served. */
struct asked {
    struct endpoint *endpoint;
    struct http_request *request;
    struct owner *owner; /* NULL: no product */
    unsigned scopes;     /* of its token */
    bool modern;
};

/* 403, and which scopes would do. */
void endpoint_refuse_scope(const struct asked *asked, unsigned scopes);

/* What is asked at /mcp; answers it, now or later. */
void serve_mcp(const struct asked *asked);
