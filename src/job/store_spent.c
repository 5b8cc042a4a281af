/* SPDX-License-Identifier: Apache-2.0 */
/* store_spent.c - what each principal has used, and what is kept of it. */
#include "job/store_inside.h"

#define HOUR_MINUTES 60

static uint64_t column_count(sqlite3_stmt *row, int at)
{
    sqlite3_int64 count = sqlite3_column_int64(row, at);
    return count > 0 ? (uint64_t)count : 0;
}

int store_kept_bytes(struct store *store, const char *owner, uint64_t *ret, struct error *err)
{
    int r = store_ready(store, err);
    sqlite3_stmt *sum = r < 0 ? NULL : database_statement(&store->database, SQL_KEPT_BYTES, err);
    if (!sum)
        return -err->code;
    bind_text(sum, 1, owner);
    r = database_step(&store->database, sum, err);
    if (r > 0)
        *ret = column_count(sum, 0);
    (void)sqlite3_reset(sum);
    return r < 0 ? r : 0;
}

static int forget_old(struct store *store, const char *owner, int64_t minute, struct error *err)
{
    sqlite3_stmt *old = database_statement(&store->database, SQL_SPENT_OLD, err);
    if (!old)
        return -err->code;
    bind_text(old, 1, owner);
    (void)sqlite3_bind_int64(old, 2, minute - HOUR_MINUTES);
    int r = database_run(&store->database, old, err);
    return r < 0 ? r : 0;
}

int store_spend(struct store *store, const char *owner, int64_t minute, uint64_t cpu_ms,
                uint64_t runs, struct error *err)
{
    int r = store_ready(store, err);
    sqlite3_stmt *spend = r < 0 ? NULL : database_statement(&store->database, SQL_SPEND, err);
    if (!spend)
        return -err->code;
    bind_text(spend, 1, owner);
    (void)sqlite3_bind_int64(spend, 2, minute);
    (void)sqlite3_bind_int64(spend, 3, (sqlite3_int64)cpu_ms);
    (void)sqlite3_bind_int64(spend, 4, (sqlite3_int64)runs);
    r = database_run(&store->database, spend, err);
    return r < 0 ? r : forget_old(store, owner, minute, err);
}

int store_spent(struct store *store, const char *owner, int64_t from_minute, struct spent *ret,
                struct error *err)
{
    int r = store_ready(store, err);
    sqlite3_stmt *sum = r < 0 ? NULL : database_statement(&store->database, SQL_SPENT, err);
    if (!sum)
        return -err->code;
    bind_text(sum, 1, owner);
    (void)sqlite3_bind_int64(sum, 2, from_minute);
    r = database_step(&store->database, sum, err);
    if (r > 0) {
        *ret = (struct spent){ column_count(sum, 0), column_count(sum, 1), 0 };
        int64_t oldest = sqlite3_column_int64(sum, 2),
                age = from_minute + HOUR_MINUTES - 1 - oldest;
        if (oldest > 0 && age > 0 && age < HOUR_MINUTES)
            ret->oldest_minutes = (int)age;
    }
    (void)sqlite3_reset(sum);
    return r < 0 ? r : 0;
}
