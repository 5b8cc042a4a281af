/* SPDX-License-Identifier: Apache-2.0 */
/* legacy.h - sessions of the legacy era over HTTP: found by their id, bounded, and forgotten.
 *
 * Each has streams: number 0 is what a GET listens to, the others belong to POSTs. The last events
 * of each are kept, so that a client that lost its connection goes on where it stopped reading
 * ("Resumability and Redelivery"): an event's id is STREAM-NUMBER.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct endpoint_parts;
struct exchange;
struct exchanges;
struct owner;
struct legacies;
struct session;

/* Beyond it the one that was longest not used makes room, unless somebody waits there; it is one of
 * the newcomer's own where he has many already. */
#define LEGACIES_MAX  1024
#define LEGACIES_MANY (LEGACIES_MAX / 8)

/* Not used for so long, a session is forgotten. */
#define LEGACY_IDLE_S (30 * 60)

/* Of events, kept by one session and by all of them. */
#define KEPT_BYTES_MAX     (256UL * 1024)
#define KEPT_BYTES_ALL_MAX (16UL * 1024 * 1024)

#define LEGACY_ID_ROOM 33 /* 128 bits in hexadecimal digits */

struct event_kept;

struct stream {
    struct stream *next;
    struct legacy *legacy;
    unsigned number;
    struct event_kept *first, *last;
    uint64_t count;            /* of events that there were */
    struct exchange *exchange; /* who is sent them; NULL: nobody at the moment */
    bool done;                 /* nothing more will come */
};

struct legacy {
    struct legacy *next, *before; /* the last used first */
    struct legacies *all;
    char id[LEGACY_ID_ROOM];
    struct session *session;
    struct owner *owner; /* NULL: no product */
    unsigned scopes;     /* of the tokens that were shown for it (principal.h) */
    uint64_t used_ns;
    unsigned waiting;        /* exchanges: who waits here is not forgotten */
    struct stream listening; /* number 0 */
    struct stream *streams;
    unsigned last_stream;
    size_t kept_bytes;
    bool listed; /* it has an id, and can be found by it */
};

/* `exchanges`: where those who wait are to be found; borrowed. */
struct legacies *legacies_new(const struct endpoint_parts *parts, struct exchanges *exchanges);
void legacies_free(struct legacies *legacies); /* NULL is fine; after its exchanges */

/* Not found by anybody yet. `scopes`: of the token that begins it. */
struct legacy *legacy_new(struct legacies *legacies, struct owner *owner, unsigned scopes);

/* Another token is shown for it, and it is good for all of that from here on. False: the token is
 * good for less than the session, and may not use it. */
bool legacy_widen(struct legacy *legacy, unsigned scopes) must_check;

/* Gives it an id. False: there are too many, of which none can be forgotten. */
bool legacy_list(struct legacy *legacy);

/* NULL: there is none of that id, or it is another's. */
struct legacy *legacy_find(struct legacies *legacies, const char *id, struct owner *owner);

/* Cancels what it does, silently, and forgets it; its exchanges are over. */
void legacy_free(struct legacy *legacy);

/* Has its client a version that knows how to come back (2025-11-25)? */
bool legacy_resumes(const struct legacy *legacy);

size_t legacies_count(const struct legacies *legacies); /* sessions that can be found */

/* Their streams of what the server says by itself. */
void legacy_end_listening(struct legacies *legacies);

void legacy_cancel_all(struct legacies *legacies);

/* --- streams ------------------------------------------------------------------------------ */

struct stream *stream_new(struct legacy *legacy);

/* Keeps it and puts the event into *out: "id: 3-1\ndata: ...\n\n". */
void stream_event(struct stream *stream, const char *line, struct str *out);

/* Its exchange has ended: nothing more will come. It is kept until it was read or makes room. */
void stream_done(struct stream *stream);

/* What an event id names: the stream, and into *out what came after that event. NULL: nothing
 * that could be gone on with. */
struct stream *stream_resume(struct legacy *legacy, const char *event_id, struct str *out);

/* All of it was read, and nothing is kept. */
void stream_read(struct stream *stream);
