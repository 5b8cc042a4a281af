/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the records of jobs: one SQLite database that several servers and command
 * lines share (STATE/front/jobs.db, WAL).
 *
 * A job belongs to the process that runs it, its keeper. A keeper holds a lock on
 * keepers/<name> for as long as it lives; the kernel gives the lock back when it dies, also
 * by SIGKILL or a reboot. Only a keeper changes its own jobs, and anybody who finds a
 * keeper dead ends its jobs as failed. An ended record never changes again.
 *
 * Whoever wants a job cancelled leaves a file wishes/<id>; its keeper sees that (inotify),
 * ends the job, writes the record, and takes the file away, which the other one sees.
 *
 * A record that a function here has returned 0 for survives the death of the process.
 * Failures are BLAME_HOST unless said otherwise: the caller goes on without the store's
 * help and tells its user.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/launch.h>

struct store;

enum job_status {
    JOB_PENDING,
    JOB_RUNNING,
    JOB_COMPLETED, /* the script ended by itself, whatever its exit status */
    JOB_FAILED,    /* something else ended it; `error` says what */
    JOB_CANCELLED,
    JOB_STATUS_COUNT,
};

/* "pending" "running" "completed" "failed" "cancelled"; the other way -1 for another word. */
const char *job_status_name(enum job_status status);
int job_status_find(const char *name);
bool job_status_ended(enum job_status status);

/* What the record says of a job whose keeper ended while it was `status`: pending or running. */
const char *job_lost(enum job_status status);

/* A UUID, or what an older server called a job: up to 36 letters, digits and '-', which is not
 * the first. It becomes the name of a file. */
bool job_id_valid(const char *id);

struct progress {
    double current, total; /* total 0: unknown */
    char *message;         /* NULL: none yet */
};

/* Everything is owned by it. Times are milliseconds since the epoch; 0: not yet. */
struct record {
    char id[JOB_ID_MAX];
    char owner[OWNER_MAX]; /* principal: "local" */
    char policy[POLICY_NAME_MAX];
    char *tool;                        /* "py_run_script_in_dir", "cordon run" */
    char *label;                       /* or NULL */
    char traceparent[TRACEPARENT_MAX]; /* the client's trace context (trace.h); "": none */
    enum job_status status;
    int64_t created_ms, started_ms, completed_ms;
    char *error;  /* or NULL */
    char *result; /* JSON of the result object, once ended by its keeper; or NULL */
    struct progress progress;
    uint64_t bytes[2]; /* of output kept, once ended; before that, ask output.h */
};

void record_done(struct record *record);
void record_copy(const struct record *record, struct record *ret);

/* `front` is a descriptor of STATE/front, made by the caller and borrowed for the call.
 * Makes what belongs beneath it and begins to watch; fails only where it has no descriptor to
 * keep. The database is opened by store_connect(), or by the first call here that needs it:
 * a store that could not be opened tries again, at most once in a second, and until then
 * every call fails with the reason. One that is corrupt, newer, or somebody else's is
 * refused with a sentence and stays as it is. Only reading needs no keeper.
 *
 * For a front the two lie on both sides of its cage: it may not watch directories inside,
 * and reads what others have written only inside. One thread uses a store. */
enum store_role {
    STORE_VISITOR,
    STORE_KEEPER,
    STORE_TIDIER, /* a visitor that hears of nothing (tidy.h) */
};
int store_new(int front, enum store_role role, struct store **ret, struct error *err) must_check;
int store_connect(struct store *store, struct error *err) must_check;

/* One that will never be there: every call fails with this reason. */
struct store *store_absent(const struct error *reason);

/* What ends in this store is tidied up by it. */
struct tidy;
void store_tidied(struct store *store, struct tidy *tidy);

/* Both at once, for a command line: it waits for others as a person would. */
int store_open(int front, enum store_role role, struct store **ret, struct error *err) must_check;
void store_close(struct store *store); /* NULL is fine; ends our own open jobs as failed */

/* --- a keeper's ------------------------------------------------------------------- */

/* A new job of ours, PENDING or RUNNING. */
int store_add(struct store *store, const struct record *record, struct error *err) must_check;
int store_started(struct store *store, const char *id, int64_t now_ms,
                  struct error *err) must_check;
int store_progress(struct store *store, const char *id, const struct progress *progress,
                   struct error *err) must_check;

/* Writes status, completed_ms, error, result and bytes. -ESTALE where somebody thought us
 * dead and ended it: then that stands. After any other failure (a full disk) the store keeps
 * the end and tries again with what comes later; until then the job seems to run. */
int store_end(struct store *store, const struct record *record, struct error *err) must_check;

/* --- everybody's ------------------------------------------------------------------ */

/* 1 and *ret (the caller's, record_done()), or 0 where there is no such job. A job whose
 * keeper is dead is ended first. */
int store_find(struct store *store, const char *owner, const char *id, struct record *ret,
               struct error *err) must_check;

/* The whole id of the one job that begins with `prefix`, into `ret`. 1; 0 where there is none;
 * -EEXIST (BLAME_CALLER) where there are several. */
int store_complete(struct store *store, const char *owner, const char *prefix, char ret[JOB_ID_MAX],
                   struct error *err) must_check;

struct record_list {
    struct record *records; /* newest first, without results */
    size_t count;
    uint64_t total; /* that match, listed or not */
};

/* status -1: all. */
int store_list(struct store *store, const char *owner, int status, uint64_t limit,
               struct record_list *ret, struct error *err) must_check;
void record_list_done(struct record_list *list);

/* Takes over ended records as they are, all or none; those whose id is there already are left
 * alone, and added[i] is false for them. Returns how many came. */
int store_import(struct store *store, const struct record *records, size_t count, bool *added,
                 struct error *err) must_check;

struct prune {
    int64_t ended_before_ms; /* only those that ended before */
    bool completed, failed, cancelled;
};

/* Removes records with their output. */
int store_prune(struct store *store, const char *owner, const struct prune *prune,
                uint64_t *removed, uint64_t *remaining, struct error *err) must_check;

/* The operator's bounds (config.h): the oldest ended ones go first. UINT64_MAX: no bound. */
struct bounds {
    uint64_t count, age_ms, bytes;
};
int store_bound(struct store *store, const struct bounds *bounds, struct error *err) must_check;

/* Removes output that has no record and that nobody has written to for a day: a record comes before
 * its output, and a database that was moved away may come back. */
int store_sweep(struct store *store, struct error *err) must_check;

/* Ends the jobs of every dead keeper; the other calls do it for the jobs they meet. */
int store_bury(struct store *store, struct error *err) must_check;

/* --- what a principal has used ------------------------------------------------------ */

/* Bytes of output that are kept of the jobs of `owner` that have ended. */
int store_kept_bytes(struct store *store, const char *owner, uint64_t *ret,
                     struct error *err) must_check;

/* Minutes are the epoch's. What is older than an hour before `minute` is forgotten. */
int store_spend(struct store *store, const char *owner, int64_t minute, uint64_t cpu_ms,
                uint64_t runs, struct error *err) must_check;

struct spent {
    uint64_t cpu_ms, runs;
    int oldest_minutes; /* ago, what of it came first; 0 where there is nothing */
};
int store_spent(struct store *store, const char *owner, int64_t from_minute, struct spent *ret,
                struct error *err) must_check;

/* --- asking each other ------------------------------------------------------------- */

/* Leaves a wish. 0 also where the job has ended meanwhile: store_find() tells. */
int store_wish_end(struct store *store, const char *id, struct error *err) must_check;

/* Becomes readable when a wish came or one was granted; -1 where the host cannot tell: then
 * store_events_read() from time to time sees wishes all the same. */
int store_events_fd(const struct store *store);

/* Reads what there is. `wished`: a job of ours shall end (may come again). `ended`: one that
 * was wished for by anybody has; NULL: any of them may have. Either may be left out. */
struct store_events {
    void (*wished)(void *context, const char *id);
    void (*ended)(void *context, const char *id);
    void *context;
};
void store_events_read(struct store *store, const struct store_events *events);

/* Moves the log into the database where it has at least so many bytes; waits for the disk.
 * Not for the event loop of a server (tidy.h). */
int store_checkpoint(struct store *store, uint64_t from_bytes, struct error *err) must_check;
