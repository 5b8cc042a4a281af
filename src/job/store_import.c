/* SPDX-License-Identifier: Apache-2.0 */
/* store_import.c - ended records from elsewhere. */
#include <errno.h>

#include "job/store_inside.h"
#include "job/tidy.h"

int store_is_there(struct store *store, const char *id, struct error *err)
{
    sqlite3_stmt *ask = database_statement(&store->database, SQL_IS_THERE, err);
    if (!ask)
        return -err->code;
    bind_text(ask, 1, id);
    int r = database_step(&store->database, ask, err);
    (void)sqlite3_reset(ask);
    return r;
}

int store_add_ended(struct store *store, const struct record *record, struct error *err)
{
    if (!job_id_valid(record->id) || !job_status_ended(record->status))
        return fail_host_as(err, EINVAL, "import job %s: only what has ended can be imported",
                            record->id);
    sqlite3_stmt *add = database_statement(&store->database, SQL_IMPORT, err);
    if (!add)
        return -err->code;
    store_bind(add, record, NULL);
    int r = database_run(&store->database, add, err);
    return r <= 0 ? r : store_write_result(store, record, err);
}

int store_import(struct store *store, const struct record *records, size_t count, bool *added,
                 struct error *err)
{
    int count_added = 0;
    int r = store_ready(store, err);
    if (r == 0)
        r = database_begin(&store->database, err);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < count; i++) {
        r = store_add_ended(store, &records[i], err);
        added[i] = r > 0;
        count_added += r > 0;
    }
    if (r >= 0)
        r = database_commit(&store->database, err);
    else
        database_rollback(&store->database);
    if (r >= 0)
        tidy_wake(store->tidy);
    return r < 0 ? r : count_added;
}
