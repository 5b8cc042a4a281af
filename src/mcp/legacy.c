/* SPDX-License-Identifier: Apache-2.0 */
/* legacy.c - sessions of the legacy era over HTTP. */
#include "mcp/legacy.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "mcp/endpoint.h"
#include "mcp/exchange.h"
#include "mcp/owner.h"
#include "mcp/session.h"

struct event_kept {
    struct event_kept *next;
    uint64_t number;
    size_t len;
    char text[]; /* as it is sent */
};

struct legacies {
    struct session_parts parts;
    struct exchanges *exchanges;
    struct legacy *first, *last; /* listed ones */
    size_t count;
    size_t kept_bytes;
};

/* --- streams ---------------------------------------------------------------------------------- */

static void forget_first(struct stream *stream)
{
    struct event_kept *event = stream->first;
    stream->first = event->next;
    if (!stream->first)
        stream->last = NULL;
    stream->legacy->kept_bytes -= event->len;
    stream->legacy->all->kept_bytes -= event->len;
    free(event);
}

/* The oldest of the oldest stream first. */
static bool forget_one(struct legacy *legacy)
{
    struct stream *found = legacy->listening.first ? &legacy->listening : NULL;
    for (struct stream *stream = legacy->streams; stream; stream = stream->next)
        if (stream->first)
            found = stream; /* the last in the list is the oldest */
    if (!found)
        return false;
    forget_first(found);
    return true;
}

static void make_room(struct legacy *legacy)
{
    struct legacies *all = legacy->all;
    while (legacy->kept_bytes > KEPT_BYTES_MAX && forget_one(legacy))
        ;
    for (struct legacy *other = all->last; other && all->kept_bytes > KEPT_BYTES_ALL_MAX;
         other = other->before)
        while (all->kept_bytes > KEPT_BYTES_ALL_MAX && forget_one(other))
            ;
}

/* Those that are over, and of which nothing is left to come back for. */
static void sweep(struct legacy *legacy)
{
    struct stream **link = &legacy->streams;
    while (*link) {
        struct stream *stream = *link;
        if (stream->done && !stream->first) {
            *link = stream->next;
            free(stream);
        } else {
            link = &stream->next;
        }
    }
}

struct stream *stream_new(struct legacy *legacy)
{
    sweep(legacy);
    struct stream *stream = xcalloc(1, sizeof(*stream));
    stream->legacy = legacy;
    stream->number = ++legacy->last_stream;
    stream->next = legacy->streams;
    legacy->streams = stream;
    return stream;
}

void stream_event(struct stream *stream, const char *line, struct str *out)
{
    struct legacy *legacy = stream->legacy;
    size_t begin = out->len;
    str_printf(out, "id: %u-%llu\ndata: %s\n\n", stream->number,
               (unsigned long long)++stream->count, line);
    size_t len = out->len - begin;
    struct event_kept *event = xcalloc(1, sizeof(*event) + len);
    event->number = stream->count;
    event->len = len;
    memcpy(event->text, out->data + begin, len);
    *(stream->last ? &stream->last->next : &stream->first) = event;
    stream->last = event;
    legacy->kept_bytes += len;
    legacy->all->kept_bytes += len;
    make_room(legacy);
}

void stream_done(struct stream *stream)
{
    stream->done = true;
}

struct stream *stream_resume(struct legacy *legacy, const char *event_id, struct str *out)
{
    unsigned number;
    unsigned long long after;
    int used = 0;
    struct stream *stream = legacy->streams;
    if (sscanf(event_id, "%9u-%18llu%n", &number, &after, &used) != 2 || event_id[used])
        return NULL;
    while (stream && stream->number != number)
        stream = stream->next;
    if (number == 0)
        stream = &legacy->listening;
    if (!stream || after > stream->count)
        return NULL;
    if (stream->done && after == stream->count) /* or it would come again and again */
        return NULL;
    /* What came after it must still be here, all of it. */
    uint64_t oldest = stream->first ? stream->first->number : stream->count + 1;
    if (after + 1 < oldest)
        return NULL;
    for (const struct event_kept *event = stream->first; event; event = event->next)
        if (event->number > after)
            str_add(out, event->text, event->len);
    return stream;
}

static void empty(struct stream *stream)
{
    while (stream->first)
        forget_first(stream);
}

void stream_read(struct stream *stream)
{
    empty(stream);
    stream->done = true;
}

/* --- sessions --------------------------------------------------------------------------------- */

static void take_out(struct legacy *legacy)
{
    struct legacies *all = legacy->all;
    *(legacy->before ? &legacy->before->next : &all->first) = legacy->next;
    *(legacy->next ? &legacy->next->before : &all->last) = legacy->before;
}

static void put_first(struct legacy *legacy)
{
    struct legacies *all = legacy->all;
    legacy->before = NULL;
    legacy->next = all->first;
    *(all->first ? &all->first->before : &all->last) = legacy;
    all->first = legacy;
    legacy->used_ns = now_ns();
}

/* What belongs to no request: for who listens, now or later. */
static void on_push(void *context, const char *line)
{
    struct legacy *legacy = context;
    autostr struct str event = { 0 };
    stream_event(&legacy->listening, line, &event);
    if (legacy->listening.exchange)
        exchange_send(legacy->listening.exchange, event.data, event.len);
}

struct legacies *legacies_new(const struct endpoint_parts *parts, struct exchanges *exchanges)
{
    struct legacies *legacies = xcalloc(1, sizeof(*legacies));
    legacies->exchanges = exchanges;
    legacies->parts = (struct session_parts){
        .offer = parts->offer, .hub = parts->hub, .kind = SESSION_LEGACY, .push = on_push
    };
    return legacies;
}

void legacies_free(struct legacies *legacies)
{
    if (!legacies)
        return;
    while (legacies->first)
        legacy_free(legacies->first);
    free(legacies);
}

struct legacy *legacy_new(struct legacies *legacies, struct owner *owner, unsigned scopes)
{
    struct legacy *legacy = xcalloc(1, sizeof(*legacy));
    legacy->all = legacies;
    legacy->owner = owner;
    legacy->scopes = scopes;
    if (owner)
        owner_enter(owner);
    legacy->listening.legacy = legacy;
    struct session_parts parts = legacies->parts;
    parts.services = owner ? owner_services(owner, scopes) : NULL;
    parts.owner = owner ? owner->name : NULL;
    parts.context = legacy;
    legacy->session = session_new(&parts);
    return legacy;
}

bool legacy_widen(struct legacy *legacy, unsigned scopes)
{
    if ((legacy->scopes & ~scopes) != 0)
        return false;
    legacy->scopes = scopes;
    if (legacy->owner)
        session_serve_with(legacy->session, owner_services(legacy->owner, scopes));
    return true;
}

/* Those that were not used for long are forgotten. */
static void tidy(struct legacies *legacies)
{
    uint64_t now = now_ns();
    for (struct legacy *legacy = legacies->last, *before; legacy; legacy = before) {
        before = legacy->before;
        if (now - legacy->used_ns <= LEGACY_IDLE_S * NS_PER_S)
            break;
        if (legacy->waiting == 0)
            legacy_free(legacy);
    }
}

/* For one more of that owner. Who has many makes room among his own, and ends nobody else's. */
static bool make_place(struct legacies *legacies, const struct owner *owner)
{
    struct legacy *his = NULL, *any = NULL;
    size_t count = 0;
    if (legacies->count < LEGACIES_MAX)
        return true;
    for (struct legacy *legacy = legacies->last; legacy; legacy = legacy->before) {
        bool own = legacy->owner == owner;
        count += own;
        if (legacy->waiting == 0 && !any)
            any = legacy;
        if (legacy->waiting == 0 && own && !his)
            his = legacy;
    }
    struct legacy *one = count >= LEGACIES_MANY ? his : any;
    if (one)
        legacy_free(one);
    return one;
}

bool legacy_list(struct legacy *legacy)
{
    unsigned char chance[(LEGACY_ID_ROOM - 1) / 2];
    tidy(legacy->all);
    if (!make_place(legacy->all, legacy->owner) ||
        getrandom(chance, sizeof(chance), 0) != sizeof(chance))
        return false;
    for (size_t i = 0; i < sizeof(chance); i++)
        (void)snprintf(legacy->id + 2 * i, 3, "%02x", chance[i]);
    legacy->listed = true;
    legacy->all->count++;
    put_first(legacy);
    return true;
}

struct legacy *legacy_find(struct legacies *legacies, const char *id, struct owner *owner)
{
    tidy(legacies);
    struct legacy *legacy = legacies->first;
    while (legacy && strcmp(legacy->id, id) != 0)
        legacy = legacy->next;
    if (legacy && legacy->owner != owner)
        return NULL;
    if (legacy) {
        take_out(legacy);
        put_first(legacy);
    }
    return legacy;
}

void legacy_free(struct legacy *legacy)
{
    struct legacies *all = legacy->all;
    if (legacy->listed) {
        take_out(legacy);
        all->count--;
    }
    if (legacy->listening.exchange)
        exchange_end(legacy->listening.exchange);
    session_free(TAKE(&legacy->session));
    /* What was cancelled says its last word when it has ended. */
    for (struct exchange *exchange = all->exchanges->first; exchange; exchange = exchange->next)
        if (exchange->legacy == legacy) {
            exchange->legacy = NULL;
            exchange->stream = NULL;
        }
    for (struct stream *stream = legacy->streams, *next; stream; stream = next) {
        next = stream->next;
        empty(stream);
        free(stream);
    }
    empty(&legacy->listening);
    if (legacy->owner)
        owner_leave(legacy->owner);
    free(legacy);
}

bool legacy_resumes(const struct legacy *legacy)
{
    const char *version = session_version(legacy->session);
    return version && strcmp(version, "2025-11-25") >= 0;
}

size_t legacies_count(const struct legacies *legacies)
{
    return legacies->count;
}

void legacy_end_listening(struct legacies *legacies)
{
    for (struct legacy *legacy = legacies->first; legacy; legacy = legacy->next)
        if (legacy->listening.exchange)
            exchange_end(legacy->listening.exchange);
}

void legacy_cancel_all(struct legacies *legacies)
{
    for (struct legacy *legacy = legacies->first, *next; legacy; legacy = next) {
        next = legacy->next;
        if (legacy->listening.exchange)
            exchange_end(legacy->listening.exchange);
        session_cancel_all(legacy->session, false);
    }
}
