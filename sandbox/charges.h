/* SPDX-License-Identifier: Apache-2.0 */
/* charges.h - which run each supervisor has in its charge: where one dies, somebody must be able
 * to say of what. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cordon/launch.h>

struct charge;

/* A zeroed one is empty. */
struct charges {
    struct charge *list;
    size_t count, room;
};

/* Keeps the launch's names (launch_names()). */
void charges_add(struct charges *charges, pid_t supervisor, const struct launch *launch);

/* False where the process had none. Else *ret is the caller's, launch_done(). */
bool charges_take(struct charges *charges, pid_t supervisor, struct launch *ret);
