/* SPDX-License-Identifier: Apache-2.0 */
/* store_prune.c - what goes: jobs of the dead end, ended ones are removed. */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "job/store_inside.h"
#include "str.h"

/* Removed in one transaction: others wait for it. */
#define BATCH 32

/* --- the dead --------------------------------------------------------------------------- */

static int end_dead(struct store *store, const char *id, int64_t now_ms, struct error *err)
{
    sqlite3_stmt *bury = database_statement(&store->database, SQL_BURY, err);
    if (!bury)
        return -err->code;
    bool sane = job_id_valid(id);
    bind_text(bury, 1, id);
    (void)sqlite3_bind_int64(bury, 2, now_ms);
    bind_text(bury, 3, job_lost(JOB_RUNNING));
    bind_text(bury, 6, job_lost(JOB_PENDING));
    for (int i = 0; i < 2; i++)
        (void)sqlite3_bind_int64(bury, 4 + i,
                                 sane ? (sqlite3_int64)output_size(store->outputs, id, i + 1) : 0);
    int r = database_run(&store->database, bury, err);
    if (r > 0 && sane)
        wish_remove(&store->wishes, id);
    return r < 0 ? r : 0;
}

/* Within a transaction: so nobody enters meanwhile under a name that looks dead. */
static int end_all_of(struct store *store, const char *keeper, struct error *err)
{
    int64_t now_ms = now_epoch_ms();
    for (;;) {
        sqlite3_stmt *kept = database_statement(&store->database, SQL_KEPT, err);
        if (!kept)
            return -err->code;
        bind_text(kept, 1, keeper);
        int r = database_step(&store->database, kept, err);
        if (r <= 0)
            return r;
        autofree char *id = column_copy(kept, 0);
        (void)sqlite3_reset(kept);
        r = end_dead(store, id ? id : "", now_ms, err);
        if (r < 0)
            return r;
    }
}

int store_bury_one(struct store *store, const char *keeper, struct error *err)
{
    if (keeper_lives(store->keepers, keeper))
        return 0;
    int r = database_begin(&store->database, err);
    if (r < 0)
        return r;
    if (keeper_lives(store->keepers, keeper)) { /* it was just entering */
        database_rollback(&store->database);
        return 0;
    }
    r = end_all_of(store, keeper, err);
    if (r < 0) {
        database_rollback(&store->database);
        return r;
    }
    keeper_bury(store->keepers, keeper);
    r = database_commit(&store->database, err);
    return r < 0 ? r : 1;
}

int store_bury(struct store *store, struct error *err)
{
    char keeper[KEEPER_MAX] = "";
    int r = store_ready(store, err);
    if (r == 0)
        store_pay(store, false);
    while (r >= 0) {
        sqlite3_stmt *next = database_statement(&store->database, SQL_KEEPERS, err);
        if (!next)
            return -err->code;
        bind_text(next, 1, keeper);
        r = database_step(&store->database, next, err);
        if (r <= 0)
            return r;
        autofree char *name = column_copy(next, 0);
        (void)sqlite3_reset(next);
        if (!name || strlen(name) >= sizeof(keeper))
            return fail_host_as(err, EUCLEAN, "read %s: it names a keeper that cannot be",
                                DATABASE_NAME);
        memcpy(keeper, name, strlen(name) + 1);
        r = strcmp(keeper, store->keeper) == 0 ? 0 : store_bury_one(store, keeper, err);
    }
    return r;
}

/* A keeper that died without a job is in no record: only its file tells of it. */
static int bury_files(struct store *store, struct error *err)
{
    autolist char **names = NULL;
    keeper_list(store->keepers, &names);
    for (char **name = names; name && *name; name++) {
        int r = strcmp(*name, store->keeper) == 0 ? 0 : store_bury_one(store, *name, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- the old ------------------------------------------------------------------------------ */

static int remove_one(struct store *store, const char *id, struct error *err)
{
    static const enum sql steps[] = { SQL_REMOVE_RESULT, SQL_REMOVE };
    int r = 0;
    for (size_t i = 0; r >= 0 && i < COUNT(steps); i++) {
        sqlite3_stmt *remove = database_statement(&store->database, steps[i], err);
        if (!remove)
            return -err->code;
        bind_text(remove, 1, id);
        r = database_run(&store->database, remove, err);
    }
    return r;
}

/* The output first: a record without output is found again, output without a record is not.
 * And before the transaction, because to give back a large file takes its time. Returns how
 * many are gone now. */
static int remove_all(struct store *store, char *const *ids, struct error *err)
{
    int removed = 0;
    for (char *const *id = ids; *id; id++)
        if (job_id_valid(*id))
            output_remove(store->outputs, *id);
    int r = database_begin(&store->database, err);
    if (r < 0)
        return r;
    for (; r >= 0 && *ids; ids++) {
        r = remove_one(store, *ids, err);
        removed += r > 0;
    }
    if (r >= 0)
        r = database_commit(&store->database, err);
    else
        database_rollback(&store->database);
    return r < 0 ? r : removed;
}

/* The first column of what the statement gives. */
static int ids_of(struct store *store, sqlite3_stmt *rows, char ***ret, struct error *err)
{
    int r;
    while ((r = database_step(&store->database, rows, err)) > 0) {
        char *id = column_copy(rows, 0);
        if (id)
            list_add_owned(ret, id);
    }
    return r;
}

static int prune_some(struct store *store, const char *owner, const struct prune *prune,
                      struct error *err)
{
    const bool wanted[] = { prune->completed, prune->failed, prune->cancelled };
    autolist char **ids = NULL;
    sqlite3_stmt *old = database_statement(&store->database, SQL_OLD, err);
    if (!old)
        return -err->code;
    bind_text(old, 1, owner);
    (void)sqlite3_bind_int64(old, 2, prune->ended_before_ms);
    for (int i = 0; i < (int)COUNT(wanted); i++)
        (void)sqlite3_bind_int(old, 3 + i, wanted[i]);
    (void)sqlite3_bind_int(old, 6, BATCH);
    int r = ids_of(store, old, &ids, err);
    return r < 0 || !ids ? r : remove_all(store, ids, err);
}

int store_prune(struct store *store, const char *owner, const struct prune *prune,
                uint64_t *removed, uint64_t *remaining, struct error *err)
{
    struct record_list rest = { 0 };
    uint64_t count = 0;
    int r = store_bury(store, err);
    while (r >= 0 && (r = prune_some(store, owner, prune, err)) > 0)
        count += (uint64_t)r;
    if (r >= 0)
        r = store_sweep(store, err);
    if (r >= 0)
        r = store_list(store, owner, -1, 0, &rest, err);
    if (r < 0)
        return r;
    *removed = count;
    *remaining = rest.total;
    record_list_done(&rest);
    return 0;
}

/* --- what is left over -------------------------------------------------------------------- */

#define LEFT_OVER_MS ((int64_t)24 * 60 * 60 * 1000)

int store_sweep(struct store *store, struct error *err)
{
    autolist char **ids = NULL;
    int r = store_ready(store, err);
    if (r == 0)
        output_ids(store->outputs, now_epoch_ms() - LEFT_OVER_MS, &ids);
    for (char **id = ids; r >= 0 && id && *id; id++)
        if ((r = store_is_there(store, *id, err)) == 0)
            output_remove(store->outputs, *id);
    return r < 0 ? r : 0;
}

/* --- the bounds --------------------------------------------------------------------------- */

static int sum_up(struct store *store, uint64_t *count, uint64_t *bytes, struct error *err)
{
    sqlite3_stmt *sum = database_statement(&store->database, SQL_SUM, err);
    if (!sum)
        return -err->code;
    int r = database_step(&store->database, sum, err);
    if (r > 0) {
        *count = (uint64_t)sqlite3_column_int64(sum, 0);
        *bytes = (uint64_t)sqlite3_column_int64(sum, 1);
    }
    (void)sqlite3_reset(sum);
    return r < 0 ? r : 0;
}

/* The next ones that are too many, too old, or too much. */
static int bound_some(struct store *store, const struct bounds *bounds, int64_t ended_before_ms,
                      struct error *err)
{
    uint64_t count = 0, bytes = 0;
    autolist char **ids = NULL;
    sqlite3_stmt *oldest = database_statement(&store->database, SQL_OLDEST, err);
    int r = oldest ? sum_up(store, &count, &bytes, err) : -err->code;
    if (r < 0)
        return r;
    (void)sqlite3_bind_int(oldest, 1, BATCH);
    while ((r = database_step(&store->database, oldest, err)) > 0) {
        char *id = column_copy(oldest, 0);
        bool goes = count > bounds->count || bytes > bounds->bytes ||
                    sqlite3_column_int64(oldest, 1) < ended_before_ms;
        if (!goes || !id) {
            free(id);
            break;
        }
        uint64_t freed = (uint64_t)sqlite3_column_int64(oldest, 2);
        list_add_owned(&ids, id);
        bytes -= freed < bytes ? freed : bytes;
        count--;
    }
    (void)sqlite3_reset(oldest);
    return r < 0 || !ids ? (r < 0 ? r : 0) : remove_all(store, ids, err);
}

int store_bound(struct store *store, const struct bounds *bounds, struct error *err)
{
    int64_t now_ms = now_epoch_ms();
    int64_t before_ms = bounds->age_ms < (uint64_t)now_ms ? now_ms - (int64_t)bounds->age_ms : 0;
    int r = store_bury(store, err);
    if (r == 0)
        r = bury_files(store, err);
    while (r >= 0 && (r = bound_some(store, bounds, before_ms, err)) > 0)
        ;
    return r;
}
