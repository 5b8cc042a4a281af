/* SPDX-License-Identifier: Apache-2.0 */
/* owed.c - ends of jobs that could not be written down yet. */
#include "mcp/owed.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include <cordon/log.h>

#include "str.h"

#define RETRY_S 1

struct debt {
    struct debt *next;
    struct record record;
    bool known;
};

struct owed {
    struct store *store;
    struct event *retry;
    struct debt *first, **end; /* oldest first */
    size_t count;
};

static void drop_first(struct owed *owed)
{
    struct debt *debt = owed->first;
    owed->first = debt->next;
    if (!owed->first)
        owed->end = &owed->first;
    owed->count--;
    record_done(&debt->record);
    free(debt);
}

static int pay(struct owed *owed, const struct debt *debt, struct error *err)
{
    bool added;
    if (debt->known)
        return store_end(owed->store, &debt->record, err);
    return store_import(owed->store, &debt->record, 1, &added, err);
}

static void pay_all(struct owed *owed)
{
    struct error err;
    while (owed->first) {
        int r = pay(owed, owed->first, &err);
        if (r < 0 && r != -ESTALE)
            return; /* the next would fail as well */
        log_event(LOG_INFO, "kept-late", KV("job", owed->first->record.id));
        drop_first(owed);
    }
}

static void retry_later(struct owed *owed)
{
    static const struct timeval wait = { .tv_sec = RETRY_S };
    if (owed->first && !evtimer_pending(owed->retry, NULL))
        (void)evtimer_add(owed->retry, &wait);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    struct owed *owed = context;
    (void)fd;
    (void)what;
    pay_all(owed);
    retry_later(owed);
}

void owed_add(struct owed *owed, struct record *record, bool known)
{
    struct debt *debt = xcalloc(1, sizeof(*debt));
    debt->record = *record;
    debt->known = known;
    *record = (struct record){ 0 };
    *owed->end = debt;
    owed->end = &debt->next;
    if (++owed->count > OWED_MAX) {
        log_event(LOG_ERROR, "never-kept", KV("job", owed->first->record.id));
        drop_first(owed);
    }
    retry_later(owed);
}

const struct record *owed_find(const struct owed *owed, const char *id)
{
    const struct debt *debt = owed->first;
    while (debt && strcmp(debt->record.id, id) != 0)
        debt = debt->next;
    return debt ? &debt->record : NULL;
}

struct owed *owed_new(struct event_base *base, struct store *store)
{
    struct owed *owed = xcalloc(1, sizeof(*owed));
    owed->store = store;
    owed->end = &owed->first;
    owed->retry = evtimer_new(base, on_retry, owed);
    if (!owed->retry)
        abort(); /* out of memory */
    return owed;
}

void owed_free(struct owed *owed)
{
    if (!owed)
        return;
    pay_all(owed);
    while (owed->first)
        drop_first(owed);
    event_free(owed->retry);
    free(owed);
}
