/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one tools/call or resources/read from its arrival to its answer.
 *
 * The session owns it until call_answer(); the tool that handles it owns
 * `work` and must come to call_answer() exactly once, also after `cancel`.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/outcome.h>

#include "script/library.h"

struct config;
struct event_base;
struct gate;
struct jobs;
struct metrics;
struct outputs;
struct progress;
struct readers;
struct session;
struct store;
struct turns;
struct wishes;

/* What tools work with; the same for every call of a server. */
struct services {
    struct event_base *base;
    struct gate *gate;
    struct jobs *jobs;
    struct turns *turns; /* of the jobs, and of what is drawn */
    struct library library;
    struct store *store;     /* never NULL; one that cannot be used says why at each call */
    struct outputs *outputs; /* never NULL */
    const struct config *config;
    struct metrics *metrics; /* NULL: nothing is counted */
    struct wishes *wishes;   /* of other servers, and to them */
    struct readers *readers; /* the session's: where its client stopped reading */
    const char *default_policy;
    uint64_t budget_ns; /* after which a call answers that its job goes on; 0: never */
};

struct call {
    const struct services *services;
    const char *tool;    /* its name */
    uint64_t arrived_ns; /* CLOCK_MONOTONIC */

    /* The tool's: its state, and how to end it early, which comes to call_answer() too,
     * maybe later. `grace` false: at once. */
    void *work;
    void (*cancel)(struct call *call, bool grace);

    /* The session's. */
    struct session *session;
    struct call *next, **link;
    char *id;
    struct json_object *id_value;
    struct json_object *progress_token; /* NULL: the client wants no progress */
    double progress;                    /* the last that was told */
    size_t bytes;                       /* of the message it came in */
    bool silent;                        /* the client wants no answer any more */
};

/* Sends `result` (taken) unless the client wants none, and ends the call. */
void call_answer(struct call *call, struct json_object *result);

/* The same for a call that ended before anything ran, with the whole result object. */
void call_stopped(struct call *call, const struct outcome *outcome);

/* The same for a failure: by whose move it is (rpc.h) refused, or a fault. */
void call_refuse(struct call *call, const struct error *error);

/* Ends a call that is no tool's with an error of the protocol (rpc.h). */
void call_error(struct call *call, int code, const char *text);

/* The same as one sentence, for tools whose result is no run's. */
void call_fail(struct call *call, const struct error *error);

/* The same for a call that was cancelled before anything of it ran. */
void call_cancelled(struct call *call);

/* Tells the client how far it is, where it asked to be told and reads what it is sent.
 * What a client is told always grows (MCP, "Progress"), whatever `progress` does. */
void call_progress(struct call *call, const struct progress *progress);
