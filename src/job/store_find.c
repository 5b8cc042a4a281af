/* SPDX-License-Identifier: Apache-2.0 */
/* store_find.c - records as they are read, one or many. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "job/store_inside.h"
#include "str.h"

static void column_fixed(sqlite3_stmt *row, int at, char *out, size_t room)
{
    const char *text = (const char *)sqlite3_column_text(row, at);
    (void)snprintf(out, room, "%s", text ? text : "");
}

/* What somebody else has written is not more than it can be. */
static enum job_status column_status(sqlite3_stmt *row)
{
    int status = sqlite3_column_int(row, COLUMN_STATUS);
    return status >= 0 && status < JOB_STATUS_COUNT ? (enum job_status)status : JOB_FAILED;
}

static uint64_t column_bytes(sqlite3_stmt *row, int at)
{
    sqlite3_int64 bytes = sqlite3_column_int64(row, at);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

static void record_read(sqlite3_stmt *row, bool result, struct record *ret)
{
    *ret = (struct record){
        .tool = column_copy(row, COLUMN_TOOL),
        .label = column_copy(row, COLUMN_LABEL),
        .status = column_status(row),
        .created_ms = sqlite3_column_int64(row, COLUMN_CREATED),
        .started_ms = sqlite3_column_int64(row, COLUMN_STARTED),
        .completed_ms = sqlite3_column_int64(row, COLUMN_COMPLETED),
        .error = column_copy(row, COLUMN_ERROR),
        .result = result ? column_copy(row, COLUMN_RESULT) : NULL,
        .progress = { sqlite3_column_double(row, COLUMN_CURRENT),
                      sqlite3_column_double(row, COLUMN_OF), column_copy(row, COLUMN_MESSAGE) },
        .bytes = { column_bytes(row, COLUMN_STDOUT), column_bytes(row, COLUMN_STDERR) },
    };
    column_fixed(row, COLUMN_ID, ret->id, sizeof(ret->id));
    column_fixed(row, COLUMN_OWNER, ret->owner, sizeof(ret->owner));
    column_fixed(row, COLUMN_POLICY, ret->policy, sizeof(ret->policy));
    const char *trace = (const char *)sqlite3_column_text(row, COLUMN_TRACE);
    if (trace)
        (void)traceparent_read(trace, strlen(trace), ret->traceparent);
}

/* 1 and the record, and whose it is unless it has ended. */
static int find_once(struct store *store, const char *owner, const char *id,
                     char keeper[KEEPER_MAX], struct record *ret, struct error *err)
{
    sqlite3_stmt *find = database_statement(&store->database, SQL_FIND, err);
    if (!find)
        return -err->code;
    bind_text(find, 1, id);
    bind_text(find, 2, owner);
    int r = database_step(&store->database, find, err);
    if (r <= 0)
        return r;
    column_fixed(find, COLUMN_KEEPER, keeper, KEEPER_MAX);
    record_read(find, true, ret);
    (void)sqlite3_reset(find);
    return 1;
}

int store_find(struct store *store, const char *owner, const char *id, struct record *ret,
               struct error *err)
{
    char keeper[KEEPER_MAX] = "";
    struct record record;
    if (!job_id_valid(id))
        return 0;
    int r = store_ready(store, err);
    if (r == 0) {
        store_pay(store, false);
        r = find_once(store, owner, id, keeper, &record, err);
    }
    if (r <= 0)
        return r;
    if (keeper[0] && strcmp(keeper, store->keeper) != 0) {
        int buried = store_bury_one(store, keeper, err);
        if (buried != 0)
            record_done(&record);
        if (buried < 0)
            return buried;
        if (buried > 0)
            r = find_once(store, owner, id, keeper, &record, err);
    }
    if (r > 0)
        *ret = record;
    return r;
}

int store_complete(struct store *store, const char *owner, const char *prefix, char ret[JOB_ID_MAX],
                   struct error *err)
{
    if (!job_id_valid(prefix))
        return 0;
    int r = store_ready(store, err);
    sqlite3_stmt *like = r < 0 ? NULL : database_statement(&store->database, SQL_LIKE, err);
    if (!like)
        return -err->code;
    bind_text(like, 1, prefix);
    bind_text(like, 2, owner);
    r = database_step(&store->database, like, err);
    if (r <= 0)
        return r;
    char found[JOB_ID_MAX];
    column_fixed(like, 0, found, sizeof(found));
    /* Sorted: a whole id stands before those it begins. */
    r = strcmp(found, prefix) == 0 ? 0 : database_step(&store->database, like, err);
    (void)sqlite3_reset(like);
    if (r > 0)
        return fail_caller(err, EEXIST, "several jobs begin with %s: write more of the id", prefix);
    if (r < 0 || !job_id_valid(found))
        return r;
    memcpy(ret, found, sizeof(found));
    return 1;
}

static int list_total(struct store *store, const char *owner, int status, uint64_t *ret,
                      struct error *err)
{
    sqlite3_stmt *total = database_statement(&store->database, SQL_TOTAL, err);
    if (!total)
        return -err->code;
    bind_text(total, 1, owner);
    (void)sqlite3_bind_int(total, 2, status);
    int r = database_step(&store->database, total, err);
    if (r > 0)
        *ret = (uint64_t)sqlite3_column_int64(total, 0);
    (void)sqlite3_reset(total);
    return r < 0 ? r : 0;
}

static int list_read(struct store *store, const char *owner, int status, uint64_t limit,
                     struct record_list *list, struct error *err)
{
    sqlite3_stmt *rows = database_statement(&store->database, SQL_LIST, err);
    if (!rows)
        return -err->code;
    bind_text(rows, 1, owner);
    (void)sqlite3_bind_int(rows, 2, status);
    (void)sqlite3_bind_int64(rows, 3, limit > INT64_MAX ? -1 : (sqlite3_int64)limit);
    size_t room = 0;
    int r;
    while ((r = database_step(&store->database, rows, err)) > 0) {
        if (list->count == room) {
            room = room ? room * 2 : 64;
            list->records = xrealloc(list->records, room * sizeof(*list->records));
        }
        struct record *record = &list->records[list->count];
        record_read(rows, false, record);
        if (job_id_valid(record->id)) /* what is none could lead a terminal or a path elsewhere */
            list->count++;
        else
            record_done(record);
    }
    return r;
}

int store_list(struct store *store, const char *owner, int status, uint64_t limit,
               struct record_list *ret, struct error *err)
{
    struct record_list list = { 0 };
    int r = store_bury(store, err);
    if (r == 0)
        r = list_total(store, owner, status, &list.total, err);
    if (r == 0)
        r = list_read(store, owner, status, limit, &list, err);
    if (r < 0)
        record_list_done(&list);
    else
        *ret = list;
    return r;
}

void record_list_done(struct record_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        record_done(&list->records[i]);
    free(list->records);
    *list = (struct record_list){ 0 };
}
