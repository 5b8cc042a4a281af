/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one client's conversation: handshake, methods, calls in flight.
 *
 * Speaks 2025-06-18 and 2025-11-25. Bytes come in by session_line() and go out
 * by `send`; who carries them is not known here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mcp/call.h"

/* Calls in flight, and the bytes of their messages together; more is told to
 * come back. A call that runs costs four pipes and up to 60 KiB of shown output,
 * one that waits its script. */
#define CALLS_MAX       128
#define CALLS_MIB_MAX   64
#define CALLS_BYTES_MAX (CALLS_MIB_MAX * 1024UL * 1024)

struct session_parts {
    struct services services;
    void (*send)(void *context, const char *line);
    void (*idle)(void *context);   /* the last call in flight was answered */
    bool (*behind)(void *context); /* has the client much to read already? */
    void *context;
};

struct session *session_new(const struct session_parts *parts); /* copies *parts */
void session_free(struct session *session); /* NULL is fine; no call may be in flight */

void session_line(struct session *session, const char *text, size_t len);
void session_too_long(struct session *session, const char *head, size_t len);

/* Ends every call at once. `silent`: nothing is sent for them any more. */
void session_cancel_all(struct session *session, bool silent);

size_t session_calls(const struct session *session);
