/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - the gate's boxes that are made ready ahead of time, and which launch may have which.
 *
 * Two launches want the same box where their frames, with everything blanked that an order brings
 * along, are the same bytes; that holds the owner, so that nobody gets a box another's packages
 * have run in. What was loaded ahead must be imported by the script too. More is judged by the
 * keeper (keeper.h), for it can.
 *
 * How many stand follows demand: one more for each launch that found none, one less for each that
 * stood idle for too long; within the configuration's `pool`, and only while the host has
 * processors to spare.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include <cordon/launch.h>

#include "sandbox.h"

#define POOL_MAX 64 /* boxes that stand */

struct pool;

struct pool_events {
    void (*over)(void *context, pid_t keeper); /* it has done its launch, and goes on */
    void (*leave)(
        void *context); /* in a keeper: to let go what is the gate's, by pool_leave() too */
    void *context;
};

struct pool *pool_new(const struct sandbox *sandbox, const struct pool_events *events);

/* Gives the launch, whose frame this is, to a box that waits for one like it: its keeper's pid, or
 * 0. The launch stays the caller's. */
pid_t pool_give(struct pool *pool, const struct launch *launch, const void *frame, size_t len);

/* A launch has come; `found`: for it a box was waiting. Others like it may follow. */
void pool_learn(struct pool *pool, const struct launch *launch, bool found);

/* Makes what is wanted now, and lets go what has stood for too long. */
void pool_fill(struct pool *pool);

/* A child has ended. True: it was a keeper that had no order. */
bool pool_ended(struct pool *pool, pid_t pid);

/* What is to be watched, at most POOL_MAX: how many. *wait_ms: until pool_fill() has something to
 * do; -1: only when something has happened. Then what has come of it. */
size_t pool_watch(const struct pool *pool, struct pollfd *fds, int *wait_ms);
void pool_hear(struct pool *pool, const struct pollfd *fds, size_t count);

/* In a child of the gate, whose copies of the sockets would keep all of them from ending; in the
 * gate itself, at its end: they do. */
void pool_leave(struct pool *pool);
