/* SPDX-License-Identifier: Apache-2.0 */
/* wishes.c - what servers that share a state directory ask of each other. */
#include "mcp/wishes.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include <cordon/log.h>

#include "clock.h"
#include "job/store.h"
#include "mcp/job.h"
#include "str.h"

/* A policy's grace is 10 s at most; a server that has not ended a job by then will not. */
#define PATIENCE_NS (15 * NS_PER_S)

/* The end of a server that dies meanwhile is no event: it is looked for. */
#define LOOK_MS 250

struct wishes {
    struct store *store;
    struct jobs *jobs;
    struct event *event, *look;
    struct wish *first;
};

void wish_forget(struct wish *wish)
{
    if (!wish->link)
        return;
    *wish->link = wish->next;
    if (wish->next)
        wish->next->link = wish->link;
    wish->next = NULL;
    wish->link = NULL;
}

/* --- granting ------------------------------------------------------------------------- */

static void on_wished(void *context, const char *id)
{
    struct wishes *wishes = context;
    (void)jobs_cancel(wishes->jobs, id, true);
}

/* --- wishing -------------------------------------------------------------------------- */

static bool has_ended(struct wishes *wishes, const struct wish *wish)
{
    struct record record;
    struct error err;
    int r = store_find(wishes->store, wish->owner, wish->id, &record, &err);
    if (r < 0) {
        log_event(LOG_ERROR, "wish", KV("job", wish->id), KV("reason", err.text));
        return false;
    }
    bool ended = r == 0 || job_status_ended(record.status);
    if (r > 0)
        record_done(&record);
    return ended;
}

/* Its end, or its patience's. */
static void look_at(struct wishes *wishes, struct wish *wish)
{
    bool ended = has_ended(wishes, wish);
    if (!ended && now_ns() < wish->deadline_ns)
        return;
    wish_forget(wish);
    wish->over(wish, !ended);
}

static void look_at_all(struct wishes *wishes, const char *id)
{
    for (struct wish *wish = wishes->first, *next; wish; wish = next) {
        next = wish->next;
        if (!id || strcmp(wish->id, id) == 0)
            look_at(wishes, wish);
    }
}

static void on_granted(void *context, const char *id)
{
    look_at_all(context, id);
}

static void read_events(struct wishes *wishes)
{
    const struct store_events events = { on_wished, on_granted, wishes };
    store_events_read(wishes->store, &events);
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    read_events(context);
}

/* Where the host cannot tell of wishes, they are looked for from time to time for ever. */
static void look_later(struct wishes *wishes)
{
    static const struct timeval wait = { .tv_usec = LOOK_MS * 1000 };
    if (wishes->first || !wishes->event)
        (void)evtimer_add(wishes->look, &wait);
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    struct wishes *wishes = context;
    (void)fd;
    (void)what;
    if (!wishes->event)
        read_events(wishes);
    look_at_all(wishes, NULL);
    look_later(wishes);
}

int wishes_ask(struct wishes *wishes, const struct record *record, struct wish *wish,
               struct error *err)
{
    int r = store_wish_end(wishes->store, record->id, err);
    if (r < 0)
        return r;
    memcpy(wish->id, record->id, sizeof(wish->id));
    memcpy(wish->owner, record->owner, sizeof(wish->owner));
    wish->deadline_ns = now_ns() + PATIENCE_NS;
    wish->next = wishes->first;
    wish->link = &wishes->first;
    if (wish->next)
        wish->next->link = &wish->next;
    wishes->first = wish;
    look_later(wishes);
    return 0;
}

/* --- life ------------------------------------------------------------------------------ */

struct wishes *wishes_new(struct event_base *base, struct store *store, struct jobs *jobs)
{
    struct wishes *wishes = xcalloc(1, sizeof(*wishes));
    wishes->store = store;
    wishes->jobs = jobs;
    wishes->look = evtimer_new(base, on_look, wishes);
    int fd = store_events_fd(store);
    if (fd >= 0)
        wishes->event = event_new(base, fd, EV_READ | EV_PERSIST, on_event, wishes);
    if (!wishes->look || (wishes->event && event_add(wishes->event, NULL) < 0))
        abort(); /* out of memory */
    look_later(wishes);
    return wishes;
}

void wishes_free(struct wishes *wishes)
{
    if (!wishes)
        return;
    if (wishes->event)
        event_free(wishes->event);
    event_free(wishes->look);
    free(wishes);
}
