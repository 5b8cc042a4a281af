/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - the runs of this server, from the order to the record of their end.
 *
 * A job belongs to the table. Everybody else holds its id. Who wants to hear of it lends
 * the table a `struct job_watch`, and may take it back at any time: the call that asked
 * for a job is one such watcher, and the job goes on when it has left.
 *
 * All calls come from the event loop.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/launch.h>

#include "job/store.h"

/* Jobs that run or wait for their turn; of these one principal may have three in four. */
#define JOBS_MAX 2048

/* What each may cost: pipes while it runs, its script and input while it waits. */
#define JOB_DESCRIPTORS 8

struct event_base;
struct gate;
struct jobs;
struct metrics;
struct outputs;
struct owner;
struct tracer;
struct turns;

struct jobs_parts {
    struct event_base *base;
    struct gate *gate;
    struct turns *turns;
    size_t most;         /* of its jobs at once; 0: JOBS_MAX */
    struct store *store; /* NULL: nothing is kept */
    struct outputs *outputs;
    struct metrics *metrics;     /* NULL: nothing is counted */
    struct tracer *tracer;       /* NULL: nothing is traced */
    void (*idle)(void *context); /* the last job has ended */
    void *context;
};

struct jobs *jobs_new(const struct jobs_parts *parts); /* copies *parts */
void jobs_free(struct jobs *jobs);                     /* NULL is fine; no job may be left */
size_t jobs_count(const struct jobs *jobs);
size_t jobs_running(const struct jobs *jobs); /* of these; the others wait for their turn */

struct job_watch {
    char id[JOB_ID_MAX];
    /* What the job says of itself has changed; or NULL. */
    void (*progress)(struct job_watch *watch, const struct progress *progress);
    /* The last call, the watch is free again. `result` is the result object, borrowed;
     * `fault`: nothing of the script's making, but a refusal or a fault. */
    void (*ended)(struct job_watch *watch, struct json_object *result, bool fault);
    struct job_watch *next, **link; /* the table's; a zeroed watch watches nothing */
};

struct job_order {
    struct launch *launch; /* taken, whatever comes of it */
    struct owner *owner;   /* whose job it is, and whose quotas bound it */
    int input;             /* a descriptor to pump into standard input (taken), or -1 */
    const char *tool, *label;
    const char *trace;     /* a traceparent as trace.h keeps it, or ""; NULL: none */
    const char *picture;   /* the title of the picture that goes with its result; NULL: none */
    unsigned runs, warmup; /* of a launch that is measured; 0 runs are one */
    bool announced;        /* its id is told at once: its record comes first */
    uint64_t arrived_ns;   /* of the request, CLOCK_MONOTONIC */
};

/* Starts it, or lets it wait for its turn. Its end comes from the loop, never from
 * inside this call. A failure has started nothing. */
int jobs_start(struct jobs *jobs, struct job_order *order, struct job_watch *watch,
               struct error *err) must_check;

/* False where there is no such job here. */
bool jobs_watch(struct jobs *jobs, const char *id, struct job_watch *watch);
void job_unwatch(struct job_watch *watch);

/* The end of a job of ours that the store does not know yet; borrowed, or NULL. `owner`: of
 * nobody else's, here and below. */
const struct record *jobs_owed(const struct jobs *jobs, const char *owner, const char *id);

/* The record of a job of ours that runs or waits, if it was written down; borrowed, or NULL. */
const struct record *jobs_live(const struct jobs *jobs, const char *owner, const char *id);

/* Somebody looks at it: has what a job of ours uses read, for jobs_now() a moment later. */
void jobs_look(const struct jobs *jobs, const char *id);

/* What a job of ours uses at the moment, and what it may; borrowed. Of the usage the peaks are what
 * is there now. False where nothing was read yet. */
struct job_now {
    const struct usage *usage;
    const struct limits *limits;
};
bool jobs_now(const struct jobs *jobs, const char *id, struct job_now *ret);

/* The place of a job of ours among those that wait for their turn, from 1; else 0. */
unsigned jobs_position(const struct jobs *jobs, const char *id);

/* What a job of ours waits for before it runs; borrowed, or NULL. */
const char *jobs_waits_for(const struct jobs *jobs, const char *id);

/* Writes the job down now, so that its id can be told. -ENOENT where there is no such job
 * here. */
int jobs_keep(struct jobs *jobs, const char *id, struct error *err) must_check;

/* For who has found the job by its owner. Asks; watchers hear of the end once it is true, from the
 * loop. `grace` false: at once. False where there is no such job here. */
bool jobs_cancel(struct jobs *jobs, const char *id, bool grace);

/* Nothing new is started. What ends from now on without having been asked to has
 * failed, for this reason (static text; NULL: the server was stopped). */
void jobs_stopping(struct jobs *jobs, const char *reason);
void jobs_cancel_all(struct jobs *jobs);
