/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one conversation: messages in, and to each its answer, in both eras (version.h).
 *
 * Who carries bytes is not known here: a message comes with its sink (sink.h). There is one
 * session per process over stdio, one per Mcp-Session-Id over legacy HTTP, and one per POST over
 * modern HTTP, where nothing may be remembered and the ids of different clients never meet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mcp/call.h"
#include "mcp/sink.h"

/* Calls in flight, and the bytes of their messages together; more is told to
 * come back. A call that runs costs four pipes and up to 60 KiB of shown output,
 * one that waits its script. */
#define CALLS_MAX       128
#define CALLS_MIB_MAX   64
#define CALLS_BYTES_MAX (CALLS_MIB_MAX * 1024UL * 1024)

/* Of which era a message may be. Where both are, a request that has the modern era's members
 * in _meta is of that, whatever was agreed on before. */
enum session_kind {
    SESSION_BOTH,
    SESSION_LEGACY,
    SESSION_MODERN, /* a request without these members is answered -32602 */
};

struct session_parts {
    const struct offer *offer;
    const struct services *services; /* handed on to calls; may be NULL */
    const char *owner; /* who is asking; NULL: "local" (cordon/launch.h). Stays the caller's */
    struct hub *hub;   /* what the sessions of a server share */
    enum session_kind kind;

    /* What belongs to no request: changes a client of the legacy era subscribed to. NULL: nowhere.
     */
    void (*push)(void *context, const char *line);
    bool (*behind)(void *context); /* of that: as a sink's; NULL: never */
    void (*idle)(void *context);   /* the last call in flight was answered; may be NULL */
    void *context;
};

struct session *session_new(const struct session_parts *parts); /* copies *parts */

/* Cancels what is in flight, silently. From here on the owner hears nothing more of it, neither
 * `push` nor `idle`, but each open sink its last word. May be called from within any of these.
 * NULL is fine. */
void session_free(struct session *session);

/* For the calls from here on, of the same owner. */
void session_serve_with(struct session *session, const struct services *services);

struct rpc_message;

/* A look at a message that was parsed, before anything is done about it: what headers said is
 * compared here with what the body says. 0, or the code to refuse it with and *err. `message->id`
 * NULL: a notification; then only "refused" comes out of it. */
struct inspection {
    int (*look)(void *context, const struct rpc_message *message, struct error *err);
    void *context;
};

/* What became of a message. */
enum taken {
    TAKEN_ANSWERED, /* its sink was or will be told the answer, or the error */
    TAKEN_SILENTLY, /* a notification or a response; its sink is not used */
    TAKEN_REFUSED,  /* the same, but the inspection refused it: nothing was done */
};

/* One message (in 2025-03-26 also several in an array, with one answer for all). `inspection`
 * may be NULL. The sink is copied. */
enum taken session_message(struct session *session, const char *text, size_t len,
                           const struct sink *sink, const struct inspection *inspection);

/* A message over the limit, of which only the beginning was kept. */
void session_too_long(struct session *session, const char *head, size_t len,
                      const struct sink *sink);

/* Ends every call at once. `silent`: nothing is said about them any more. */
void session_cancel_all(struct session *session, bool silent);

/* Answers the subscriptions that are open: how a client of the modern era hears that its server
 * ends. For before session_cancel_all(), where somebody still reads. */
void session_end_listening(struct session *session);

size_t session_calls(const struct session *session);

/* The version that initialize agreed on; NULL before it, and always in the modern era. Set before
 * that request is answered, so that a sink may look whether a session has begun. */
const char *session_version(const struct session *session);
