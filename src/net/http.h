/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - HTTP/1.1 on libevent's evhttp: requests in, replies and event streams out.
 *
 * What evhttp does not do is done here: strict heads (http_head.h), bounds on connections, heads,
 * bodies and time, and noticing at once that a client has gone. Pipelining is not offered: what
 * came behind a request is not read, and its connection ends with the reply. All calls come from
 * the event loop; nothing blocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

/* The longest body: the longest message (contract, section 2) and a little around it. */
#define HTTP_BODY_MAX (16UL * 1024 * 1024)

/* Of bodies that are not whole yet, together; who comes over that is told to come back (503). */
#define HTTP_PENDING_MAX (64UL * 1024 * 1024)

/* At most, and never more than half of our descriptors. Beyond it those that have asked nothing
 * for the longest time are closed; where all have asked, new ones wait in the kernel's queue. */
#define HTTP_CONNECTIONS_MAX 2048

/* A whole request after its first byte; a connection without one; a client that takes nothing. */
#define HTTP_REQUEST_S 60
#define HTTP_IDLE_S    75
#define HTTP_WRITE_S   30

/* Unread output at which a stream's client is cut off. */
#define HTTP_UNREAD_MAX (8UL * 1024 * 1024)

/* The same for all of them together: who has the most is cut off. */
#define HTTP_UNREAD_ALL_MAX (96UL * 1024 * 1024)

/* From here on nothing more should be asked for: many replies can be made before the loop comes to
 * sending, or to the end of those that were cut off. */
#define HTTP_CROWDED_BYTES (64UL * 1024 * 1024)

/* Who leaves something unread for so long makes room then. */
#define HTTP_HOLD_S 5

struct event_base;
struct http;
struct tls;

/* One request, from its arrival to the end of its reply: http_reply() or http_stream_end(), after
 * which it is gone. Each must come to one of them, unless its client goes away before. */
struct http_request;

struct http_parts {
    struct event_base *base;
    int listener;    /* of listen.h; taken */
    struct tls *tls; /* NULL: none; borrowed */
    void (*request)(void *context, struct http_request *request);
    void *context;
    void (*closed)(void *closed_context); /* a connection has ended; may be NULL */
    void *closed_context;
};

/* A loop for it. */
struct event_base *http_loop(struct error *err);

struct http *http_new(const struct http_parts *parts);
void http_free(struct http *http); /* closes everything; each `gone` comes. NULL is fine */

/* No more connections, no more requests: those without one close, the others with their reply. */
void http_stop(struct http *http);

/* No more connections: those that have had their replies close, the others with the next one. */
void http_retire(struct http *http);

size_t http_connections(const struct http *http); /* open ones */

/* Is so much unread that this request should be told to come again? Room is made, for later. */
bool http_crowded(struct http *http);

/* Replies so far whose status begins with that digit, 1 to 5. */
uint64_t http_replies(const struct http *http, unsigned digit);

/* --- what was asked; valid until the reply ends, the body until the handler returns ----------- */

const char *http_method(const struct http_request *request); /* "POST" */
const char *http_path(const struct http_request *request);   /* as it came, without the query */

/* The value of the first header of that name, in any case; NULL: there is none. */
const char *http_header(const struct http_request *request, const char *name);
unsigned http_header_count(const struct http_request *request, const char *name);

/* Every header in turn, while `each` returns true; false if it did not. */
bool http_each_header(const struct http_request *request,
                      bool (*each)(void *context, const char *name, const char *value),
                      void *context);

const char *http_body(struct http_request *request, size_t *len);

/* --- what is answered ------------------------------------------------------------------------- */

struct http_field {
    const char *name, *value; /* `name` NULL at the end of a list */
};

/* Ends it. `fields` may be NULL, `body` too. */
void http_reply(struct http_request *request, int status, const struct http_field *fields,
                const char *body, size_t len);

/* 200 and a stream of text/event-stream, which is sent as it comes; `len` of 0 is nothing. */
void http_stream(struct http_request *request, const struct http_field *fields);
void http_stream_send(struct http_request *request, const char *text, size_t len);
void http_stream_end(struct http_request *request);

/* Ends its connection as if the client had gone: `gone` comes, from the loop. */
void http_cut(struct http_request *request);

/* Bytes that its client has not taken yet. */
size_t http_unread(const struct http_request *request);

/* For a reply that is not given at once: `gone` is called, from the loop or from http_free(), when
 * the client went away before its end; the request is gone then. */
void http_watch(struct http_request *request, void (*gone)(void *context), void *context);
