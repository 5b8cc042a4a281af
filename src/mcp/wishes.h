/* SPDX-License-Identifier: Apache-2.0 */
/* wishes.h - what servers that share a state directory ask of each other: to end a job. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <cordon/launch.h>

struct event_base;
struct jobs;
struct record;
struct store;
struct wishes;

/* Listens for others' wishes, and grants them. */
struct wishes *wishes_new(struct event_base *base, struct store *store, struct jobs *jobs);
void wishes_free(struct wishes *wishes); /* NULL is fine; nobody may be waiting */

struct wish {
    char id[JOB_ID_MAX], owner[OWNER_MAX];
    /* The last call: the job has ended, or its server does not answer (`late`). */
    void (*over)(struct wish *wish, bool late);
    uint64_t deadline_ns;
    struct wish *next, **link; /* a zeroed wish wishes nothing */
};

/* Asks the server of that job, which its owner has found, to end it. `over` comes from the loop. */
int wishes_ask(struct wishes *wishes, const struct record *record, struct wish *wish,
               struct error *err) must_check;
void wish_forget(struct wish *wish);
