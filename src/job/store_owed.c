/* SPDX-License-Identifier: Apache-2.0 */
/* store_owed.c - ends that could not be written when they came: a disk that is full has room
 * again some time, and until then the job is not forgotten.
 */
#include <errno.h>

#include "clock.h"
#include "job/store_inside.h"
#include "str.h"

/* Without their results if need be: they are what takes memory. */
#define OWED_MAX         4096
#define OWED_RESULTS_MAX 64

#define RETRY_NS NS_PER_S

struct owed {
    struct record record;
    struct owed *next;
};

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

void store_owe(struct store *store, const struct record *record)
{
    if (store->owed_count >= OWED_MAX)
        return;
    struct owed *owed = xcalloc(1, sizeof(*owed));
    owed->record = *record;
    owed->record.tool = owed->record.label = owed->record.progress.message =
        NULL; /* not its end's */
    owed->record.error = copy(record->error);
    owed->record.result = store->owed_count < OWED_RESULTS_MAX ? copy(record->result) : NULL;
    owed->next = store->owed;
    store->owed = owed;
    store->owed_count++;
    store->owed_ns = now_ns();
}

static void forget_first(struct store *store)
{
    struct owed *owed = store->owed;
    store->owed = owed->next;
    store->owed_count--;
    record_done(&owed->record);
    free(owed);
}

void store_pay(struct store *store, bool now)
{
    struct error err;
    if (!store->owed || (!now && now_ns() - store->owed_ns < RETRY_NS))
        return;
    store->owed_ns = now_ns();
    while (store->owed) {
        int r = store_end_once(store, &store->owed->record, &err);
        if (r < 0 && r != -ESTALE)
            return;
        forget_first(store);
    }
}

void store_owed_done(struct store *store)
{
    while (store->owed)
        forget_first(store);
}
