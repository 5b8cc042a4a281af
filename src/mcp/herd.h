/* SPDX-License-Identifier: Apache-2.0 */
/* herd.h - who needs an environment that the run of another is making right now.
 *
 * Behind the boundary one makes it and the others wait (env.c), each with a supervisor and a slot,
 * and then all begin at the same time. So those that come while it is made wait here, where that
 * costs nothing, and then ask for their turn. Where it cannot be made, that was tried for all of
 * them.
 *
 * A zeroed `struct herd_member` needs none.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include <cordon/launch.h>
#include <cordon/outcome.h>

#define HERD_KEY_BYTES 32

struct herd_member {
    void (*made)(struct herd_member *member); /* it is there, or nobody makes it any more */
    void (*failed)(struct herd_member *member, const struct outcome *outcome);
    unsigned char key[HERD_KEY_BYTES];
    bool needs; /* an environment at all */
    struct herd *waits, *made_by_us;
    TAILQ_ENTRY(herd_member) among; /* those that wait */
};

LIST_HEAD(herds, herd); /* the environments that are being made */

/* What of `launch` decides which environment it gets. */
void herd_key(struct herd_member *member, const struct launch *launch);

/* True: another makes what it needs, and one of the two functions will be called. */
bool herd_wait(struct herds *herds, struct herd_member *member);

/* Its run has begun to make what it needs. */
void herd_make(struct herds *herds, struct herd_member *member);

/* The same is over; nothing where it has not begun. NULL: the others may go on. */
void herd_end(struct herd_member *member, const struct outcome *failure);

/* Stops waiting and making. */
void herd_leave(struct herd_member *member);
