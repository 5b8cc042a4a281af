/* SPDX-License-Identifier: Apache-2.0 */
/* services.h - what the tools and resources of the product work with. */
#pragma once

#include <stdint.h>

#include "script/library.h"

struct config;
struct event_base;
struct gate;
struct jobs;
struct metrics;
struct outputs;
struct owner;
struct readers;
struct store;
struct turns;
struct wishes;

/* The same for every call of one owner. */
struct services {
    struct owner *owner; /* who asks, and whose the library is (owner.h); never NULL */
    unsigned scopes;     /* what his token is good for (principal.h) */
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
    struct readers *readers; /* where clients stopped reading */
    const char *default_policy;
    uint64_t budget_ns; /* after which a call answers that its job goes on; 0: never */
};
