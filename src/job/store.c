/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - a store and what a keeper does with it. */
#include "job/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "clock.h"
#include "job/part.h"
#include "job/store_inside.h"
#include "job/tidy.h"
#include "str.h"

/* For others who write. A server has other clients to answer, but for its start. */
#define PATIENCE_SERVER_MS 1000
#define PATIENCE_START_MS  2000
#define PATIENCE_PERSON_MS 5000

#define RETRY_NS NS_PER_S

/* A '-' first would be an option where somebody hands it to a program. */
bool job_id_valid(const char *id)
{
    size_t len = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    return len > 0 && len < JOB_ID_MAX && id[len] == '\0' && id[0] != '-';
}

/* --- life ----------------------------------------------------------------------------- */

int store_new(int front, enum store_role role, struct store **ret, struct error *err)
{
    autoclose int own = fcntl(front, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return fail_host(err, "keep the store's directory");
    struct store *store = xcalloc(1, sizeof(*store));
    *store = (struct store){
        .front = own, .keepers = part_open(own, "keepers"), .role = role, .lock = -1
    };
    store->patience_ms = PATIENCE_SERVER_MS;
    store->wishes = (struct wishes){ -1, -1 };
    if (role != STORE_TIDIER)
        wishes_open(own, &store->wishes);
    int r = outputs_open(own, &store->outputs, err);
    own = -1;
    if (r < 0) {
        store_close(store);
        return r;
    }
    *ret = store;
    return 0;
}

struct store *store_absent(const struct error *reason)
{
    struct store *store = xcalloc(1, sizeof(*store));
    *store = (struct store){ .role = STORE_KEEPER, .front = -1, .keepers = -1, .lock = -1 };
    store->absent = true;
    store->failed = *reason;
    store->wishes = (struct wishes){ -1, -1 };
    return store;
}

void store_tidied(struct store *store, struct tidy *tidy)
{
    store->tidy = tidy;
}

static int keeper_start(struct store *store, struct error *err)
{
    int r = database_begin(&store->database, err);
    if (r < 0)
        return r;
    r = keeper_enter(store->keepers, store->keeper, &store->lock, err);
    database_rollback(&store->database); /* nothing was written: it only kept others out */
    return r;
}

static int directories_ready(struct store *store, struct error *err)
{
    if (store->keepers < 0)
        store->keepers = part_open(store->front, "keepers");
    if (store->keepers < 0)
        return fail_host(err, "make keepers");
    if (store->wishes.directory < 0)
        store->wishes.directory = part_open(store->front, "wishes");
    if (store->wishes.directory < 0)
        return fail_host(err, "make wishes");
    return 0;
}

static int connect_now(struct store *store, unsigned patience_ms, struct error *err)
{
    int r = directories_ready(store, err);
    if (r == 0)
        r = database_open(store->front, patience_ms, &store->database, err);
    if (r == 0 && store->role == STORE_KEEPER && store->lock < 0)
        r = keeper_start(store, err);
    if (r == 0) {
        store->database.patience_ns = store->patience_ms * NS_PER_MS;
        return 0;
    }
    database_close(&store->database);
    store->failed_ns = now_ns();
    store->failed = *err;
    return r;
}

int store_connect(struct store *store, struct error *err)
{
    if (store->absent)
        return store_ready(store, err);
    return store->database.handle ? 0 : connect_now(store, PATIENCE_START_MS, err);
}

int store_ready(struct store *store, struct error *err)
{
    if (store->database.handle && database_moved(&store->database)) {
        log_event(LOG_WARN, "store-moved",
                  KV("reason",
                     DATABASE_NAME " was moved away or replaced while it was in use; what "
                                   "is there now is used from here on"));
        database_close(&store->database);
    }
    if (store->database.handle)
        return 0;
    if (!store->absent && (store->failed_ns == 0 || now_ns() - store->failed_ns >= RETRY_NS))
        return connect_now(store, store->patience_ms, err);
    *err = store->failed;
    return -err->code;
}

int store_open(int front, enum store_role role, struct store **ret, struct error *err)
{
    struct store *store = NULL;
    int r = store_new(front, role, &store, err);
    if (r == 0) {
        store->patience_ms = PATIENCE_PERSON_MS;
        r = connect_now(store, store->patience_ms, err);
    }
    if (r == 0)
        *ret = store;
    else
        store_close(store);
    return r;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    struct error ignored;
    store_pay(store, true);
    own_close(&store->lock); /* dead, as far as anybody can see: now we too may bury */
    if (store->keeper[0] && store->database.handle) {
        (void)!store_bury_one(store, store->keeper, &ignored);
        keeper_bury(store->keepers, store->keeper);
    }
    store_owed_done(store);
    database_close(&store->database);
    wishes_close(&store->wishes);
    outputs_close(store->outputs);
    own_close(&store->keepers);
    own_close(&store->front);
    free(store);
}

/* --- a keeper's ------------------------------------------------------------------------- */

static int keeper_ready(struct store *store, const char *id, struct error *err)
{
    if (store->role != STORE_KEEPER)
        return fail_host_as(err, EPERM, "record job %s: this store was opened to read", id);
    if (!job_id_valid(id))
        return fail_host_as(err, EINVAL, "record a job: its id is not one");
    int r = store_ready(store, err);
    if (r == 0)
        store_pay(store, false);
    return r;
}

void store_bind(sqlite3_stmt *add, const struct record *record, const char *keeper)
{
    const char *texts[] = { record->id, record->owner, record->policy,
                            record->tool ? record->tool : "", record->label };
    for (int i = 0; i < (int)COUNT(texts); i++)
        bind_text(add, i + 1, texts[i]);
    (void)sqlite3_bind_int(add, 6, (int)record->status);
    bind_text(add, 7, keeper);
    (void)sqlite3_bind_int64(add, 8, record->created_ms);
    (void)sqlite3_bind_int64(add, 9, record->started_ms);
    (void)sqlite3_bind_int64(add, 10, record->completed_ms);
    bind_text(add, 11, record->error);
    (void)sqlite3_bind_int64(add, 12, (sqlite3_int64)record->bytes[0]);
    (void)sqlite3_bind_int64(add, 13, (sqlite3_int64)record->bytes[1]);
    bind_text(add, 14, *record->traceparent ? record->traceparent : NULL);
}

int store_add(struct store *store, const struct record *record, struct error *err)
{
    int r = keeper_ready(store, record->id, err);
    if (r < 0)
        return r;
    if (job_status_ended(record->status))
        return fail_host_as(err, EINVAL, "record job %s: it has ended already", record->id);
    sqlite3_stmt *add = database_statement(&store->database, SQL_ADD, err);
    if (!add)
        return -err->code;
    store_bind(add, record, store->keeper);
    r = database_run(&store->database, add, err);
    return r < 0 ? r : 0;
}

int store_started(struct store *store, const char *id, int64_t now_ms, struct error *err)
{
    int r = keeper_ready(store, id, err);
    sqlite3_stmt *update = r < 0 ? NULL : database_statement(&store->database, SQL_STARTED, err);
    if (!update)
        return -err->code;
    bind_text(update, 1, id);
    bind_text(update, 2, store->keeper);
    (void)sqlite3_bind_int64(update, 3, now_ms);
    r = database_run(&store->database, update, err);
    return r < 0 ? r : 0;
}

int store_progress(struct store *store, const char *id, const struct progress *progress,
                   struct error *err)
{
    int r = keeper_ready(store, id, err);
    sqlite3_stmt *update = r < 0 ? NULL : database_statement(&store->database, SQL_PROGRESS, err);
    if (!update)
        return -err->code;
    bind_text(update, 1, id);
    bind_text(update, 2, store->keeper);
    (void)sqlite3_bind_double(update, 3, progress->current);
    (void)sqlite3_bind_double(update, 4, progress->total);
    bind_text(update, 5, progress->message);
    r = database_run(&store->database, update, err);
    return r < 0 ? r : 0;
}

int store_write_result(struct store *store, const struct record *record, struct error *err)
{
    if (!record->result)
        return 1;
    sqlite3_stmt *result = database_statement(&store->database, SQL_RESULT, err);
    if (!result)
        return -err->code;
    bind_text(result, 1, record->id);
    bind_text(result, 2, record->result);
    return database_run(&store->database, result, err);
}

static int write_end(struct store *store, const struct record *record, struct error *err)
{
    sqlite3_stmt *end = database_statement(&store->database, SQL_END, err);
    if (!end)
        return -err->code;
    bind_text(end, 1, record->id);
    bind_text(end, 2, store->keeper);
    (void)sqlite3_bind_int(end, 3, (int)record->status);
    (void)sqlite3_bind_int64(end, 4, record->completed_ms);
    bind_text(end, 5, record->error);
    (void)sqlite3_bind_int64(end, 6, (sqlite3_int64)record->bytes[0]);
    (void)sqlite3_bind_int64(end, 7, (sqlite3_int64)record->bytes[1]);
    (void)sqlite3_bind_int64(end, 8, record->started_ms);
    int r = database_run(&store->database, end, err);
    if (r > 0)
        return store_write_result(store, record, err);
    if (r == 0)
        r = store_is_there(store, record->id, err);
    if (r > 0)
        return fail_host_as(err, ESTALE, "end job %s: another process has ended it", record->id);
    return r < 0 ? r : store_add_ended(store, record, err); /* the database is another one now */
}

int store_end_once(struct store *store, const struct record *record, struct error *err)
{
    int r = store_ready(store, err);
    if (r < 0)
        return r;
    r = database_begin(&store->database, err);
    if (r < 0)
        return r;
    r = write_end(store, record, err);
    if (r >= 0)
        r = database_commit(&store->database, err);
    else
        database_rollback(&store->database);
    /* The record first: who sees the wish granted looks at it. */
    if (r >= 0)
        wish_remove(&store->wishes, record->id);
    if (r >= 0)
        tidy_wake(store->tidy);
    return r < 0 ? r : 0;
}

int store_end(struct store *store, const struct record *record, struct error *err)
{
    if (!job_status_ended(record->status))
        return fail_host_as(err, EINVAL, "end job %s: its status says it has not", record->id);
    int r = keeper_ready(store, record->id, err);
    if (r < 0)
        return r;
    r = store_end_once(store, record, err);
    if (r < 0 && r != -ESTALE)
        store_owe(store, record);
    return r;
}

/* --- asking each other -------------------------------------------------------------------- */

int store_wish_end(struct store *store, const char *id, struct error *err)
{
    if (!job_id_valid(id))
        return fail_caller(err, EINVAL, "a job's id is wanted");
    int r = store_ready(store, err);
    if (r == 0)
        r = wish_make(&store->wishes, id, err);
    sqlite3_stmt *ask = r < 0 ? NULL : database_statement(&store->database, SQL_IS_OPEN, err);
    if (!ask)
        return -err->code;
    bind_text(ask, 1, id);
    r = database_step(&store->database, ask, err);
    (void)sqlite3_reset(ask);
    /* Its keeper looked for a wish before ours was there: nobody else takes it away. */
    if (r == 0)
        wish_remove(&store->wishes, id);
    return r < 0 ? r : 0;
}

int store_events_fd(const struct store *store)
{
    return store->wishes.watch;
}

struct listener {
    struct store *store;
    const struct store_events *events;
};

static bool is_ours(struct store *store, const char *id)
{
    struct error ignored;
    sqlite3_stmt *ask = job_id_valid(id) && store_ready(store, &ignored) == 0
                            ? database_statement(&store->database, SQL_IS_OURS, &ignored)
                            : NULL;
    if (!ask)
        return false;
    bind_text(ask, 1, id);
    bind_text(ask, 2, store->keeper);
    int r = database_step(&store->database, ask, &ignored);
    (void)sqlite3_reset(ask);
    return r > 0;
}

static void pass_on(void *context, const char *id, bool granted)
{
    const struct listener *listener = context;
    const struct store_events *events = listener->events;
    if (granted && events->ended)
        events->ended(events->context, id);
    if (!granted && events->wished && listener->store->keeper[0] && is_ours(listener->store, id))
        events->wished(events->context, id);
}

void store_events_read(struct store *store, const struct store_events *events)
{
    struct listener listener = { store, events };
    if (store->wishes.directory >= 0)
        wishes_read(&store->wishes, pass_on, &listener);
}

/* A log that never comes to rest is shortened all the same. */
#define LOG_BYTES_MAX (64UL << 20)

static int checkpoint(struct store *store, int mode, struct error *err)
{
    int code = sqlite3_wal_checkpoint_v2(store->database.handle, NULL, mode, NULL, NULL);
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY
               ? 0
               : database_fail(&store->database, "tidy", err);
}

static uint64_t log_bytes(const struct store *store)
{
    struct stat log;
    return fstatat(store->front, DATABASE_NAME "-wal", &log, AT_SYMLINK_NOFOLLOW) < 0
               ? 0
               : (uint64_t)log.st_size;
}

/* Not with the lock of those who write, while that can be: they would wait for the disk with
 * us. What they write meanwhile is left for the next round, and less each time. Who writes
 * first into a log that was moved begins it anew, for which the disk is waited for: that had
 * better be us. */
int store_checkpoint(struct store *store, uint64_t from_bytes, struct error *err)
{
    int r = store_ready(store, err);
    if (r < 0 || log_bytes(store) < from_bytes)
        return r;
    for (int round = 0; r == 0 && round < 3; round++)
        r = checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, err);
    if (r == 0)
        r = database_shorten(&store->database, err);
    if (r == 0 && log_bytes(store) >= LOG_BYTES_MAX)
        r = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, err);
    return r;
}
