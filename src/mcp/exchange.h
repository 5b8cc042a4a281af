/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h - one HTTP request that is answered later: by a JSON text, or by events.
 *
 * A POST gives its sink (sink.h) to the session; a GET of the legacy era only listens. It is a
 * JSON text with its own status as long as nothing has to be said before the answer and that
 * comes soon; from then on a stream, whose status is 200.
 */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "mcp/endpoint.h"
#include "mcp/sink.h"

struct legacy;
struct owner;
struct session;
struct stream;

/* A quiet stream is kept open by a comment (protocol: 15 to 30 s). */
#define KEEP_ALIVE_MS 15000

/* A client of the legacy era that can come back gets a stream to come back to after so long. */
#define RESUMABLE_MS 1000

struct exchanges {
    struct event_base *base;
    unsigned keep_alive_ms;
    struct exchange *first;
    size_t waiting, waiting_bytes; /* POSTs without an answer */
    size_t streams;
};

struct exchanges_held {
    size_t waiting, bytes, streams;
};

/* Those of one owner. */
struct exchanges_held exchanges_of(const struct exchanges *all, const struct owner *owner);

struct exchange {
    struct exchange *next, **link;
    struct exchanges *all;
    struct http_request *request; /* NULL: its client has gone, and it goes on without */
    struct session *session;      /* modern era: its own */
    struct legacy *legacy;        /* or the session it belongs to */
    struct stream *stream;        /* legacy era, once it streams: what is kept for who comes back */
    struct owner *owner;          /* NULL: no product */
    struct event *timer;
    const char *more_name; /* a header that goes with its reply; NULL: none */
    char *more_value;
    size_t bytes; /* of its message */
    bool post, streaming;
};

/* Watches the request. Exactly one of `session` (taken) and `legacy` is given. */
struct exchange *exchange_new(struct exchanges *all, struct http_request *request,
                              struct session *session, struct legacy *legacy, struct owner *owner);

/* Of a POST; the exchange ends with its answer. */
struct sink exchange_sink(struct exchange *exchange);

/* One more header of its reply, where that is no stream; takes the value. `name` is static. */
void exchange_add(struct exchange *exchange, const char *name, char *value);

/* Begins to stream, if it does not yet. `resumed`: what is kept of that stream, else NULL. */
void exchange_stream(struct exchange *exchange, struct stream *resumed);

/* One message, as an event. */
void exchange_say(struct exchange *exchange, const char *line);
void exchange_send(struct exchange *exchange, const char *text, size_t len); /* as it is */

/* Without an answer: the request is answered otherwise (`request` given back), or its stream ends.
 */
struct http_request *exchange_give_up(struct exchange *exchange);
void exchange_end(struct exchange *exchange);

/* Another request takes the place of the one that is there, or was. */
void exchange_replace(struct exchange *exchange, struct http_request *request);
