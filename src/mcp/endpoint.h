/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.h - MCP over HTTP at /mcp, both eras, and what watches a server.
 *
 * A POST of the modern era is a conversation of its own: made, given one message, and freed when
 * that is answered or its client goes, which cancels. In the legacy era `initialize` makes a
 * session, named by an unguessable Mcp-Session-Id that is good for its principal alone; there a
 * client that goes cancels nothing, and may come back for what it missed (legacy.h).
 * Whether an answer is one JSON text or a stream of events is decided when there is something to
 * say before it, or it takes long (exchange.h).
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/http.h"
#include "str.h"

struct endpoint;
struct event_base;
struct hub;
struct offer;
struct owner;
struct tls;

#define ENDPOINT_PATH "/mcp"

/* POSTs that wait for their answer, and the bytes of them together; more is told to come back. */
#define EXCHANGES_MAX       512
#define EXCHANGES_BYTES_MAX (64UL * 1024 * 1024)

/* Streams that are open, whatever for. */
#define STREAMS_MAX 1536

/* Where clients are told apart, nobody has more than this part of either, so that there is room for
 * others. */
#define SHARE 4

/* Who listens does so for as long as his token is good, and so much longer. */
#define JUDGED_AGAIN_S 5

struct endpoint_parts {
    struct event_base *base;
    int listener;    /* of listen.h; taken */
    struct tls *tls; /* of every connection (tls.h); NULL: none. Stays the caller's */
    /* Nobody else's machine reaches it; without `authenticate` Host and Origin must say so too. */
    bool local;
    const struct offer *offer;
    struct owner *local_owner; /* who asks where nobody is asked who he is; NULL: no product */
    struct hub *hub;

    /* Who is asking (owner.h), and the scopes of his token. NULL: nobody who may, and the request
     * was answered (400, 401). The function itself NULL: everybody is `local_owner`, for
     * everything. */
    struct owner *(*authenticate)(void *context, struct http_request *request, unsigned *scopes);

    /* Would that still be his request, did it come now? Where there is authenticate(). */
    bool (*still)(void *context, const struct http_request *request, const struct owner *owner);

    /* What goes with a 403, for a token that is good for less than `scopes`: the value of
     * WWW-Authenticate, the caller's. Where there is authenticate(). */
    char *(*challenge)(void *context, unsigned scopes);

    /* RFC 9728, the caller's; NULL: there is none. The function itself NULL: likewise. */
    struct json_object *(*metadata)(void *context);

    /* Why no request would be served at the moment; NULL: some would. NULL: always. */
    const char *(*unready)(void *context);
    void (*metrics)(void *context, struct str *out); /* Prometheus' text; NULL: there is none */

    /* Pages for people, which say nothing that is not said to everybody: answers a request for one
     * of them, from a host and an origin that may ask; false: there is no such page. NULL: none. */
    bool (*page)(struct http_request *request);
    void (*closed)(void *context); /* a connection has ended; may be NULL */
    void *context;

    unsigned keep_alive_ms; /* of streams, and until one begins; 0: 15 s */
};

struct endpoint *endpoint_new(const struct endpoint_parts *parts);
void endpoint_free(struct endpoint *endpoint); /* NULL is fine */

/* Nobody new, and listeners are told that it is over; what was asked goes on to its answer. */
void endpoint_retire(struct endpoint *endpoint);

/* Nothing new; what is asked is cancelled and answered, listeners are told that it is over. */
void endpoint_stop(struct endpoint *endpoint);

/* Connections that are still open: until their last reply has been sent. */
size_t endpoint_open(const struct endpoint *endpoint);

/* Requests that are not answered yet, also those whose client has gone. */
size_t endpoint_calls(const struct endpoint *endpoint);

/* Ends a request with an error of JSON-RPC that answers no id. `fields` may be NULL. */
void endpoint_refuse(struct http_request *request, int status, const struct http_field *fields,
                     int code, const char *text);
