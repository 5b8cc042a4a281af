/* SPDX-License-Identifier: Apache-2.0 */
/* cost.h - what the payload is charged with: all that happens from its execve on, and nothing
 * that happens before. Called by pid 1 alone (confine.c, branch/init.c, pid1.c), in this order.
 */
#pragma once

#include "confine.h"

/* Pid 1, when its work for a run begins. `clock_shift_s`: by how much its own monotonic clock is
 * ahead of the host's. */
void cost_init(int64_t clock_shift_s);

/* Pid 1, once it is in its groups: version 1 counts it from then on only. */
void cost_joined(void);

/* Pid 1, before the payload is made: a page that both see until the payload executes. Without
 * one nothing is known, and the box's share is the payload's. `clock_shift_s`: by how much its
 * monotonic clock is ahead of the host's. */
void cost_begin(const struct plan *plan, int64_t clock_shift_s);

/* A step is done; `inside`: by the payload, whose clock is the box's. The name is a constant. */
void cost_step(const char *name, bool inside);

/* The payload exists. */
void cost_forked(void);

/* The payload, before its filter forbids to ask: what it has used so far is the box's. */
int cost_payload(const struct plan *plan);

/* The payload's last act before execve. */
void cost_execute(void);

/* Instead of execve, where the payload goes on in the same program: its page is gone. */
void cost_forget(void);

/* Pid 1, once the payload has executed: fills in when each step was done, and what the box
 * used. */
void cost_running(struct report *report);

/* Pid 1, at the end: what it and all it has waited for have used. */
void cost_end(struct report *report);

/* The host's clock, as pid 1 tells it. */
uint64_t cost_now(void);

/* The interpreter reads its script now: whoever looks for that instead of cost_begin(). */
void cost_script_read(void);

/* The signal that comes when the interpreter reads its script; pid 1 waits with it unblocked. */
int cost_signal(void);
