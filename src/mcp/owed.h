/* SPDX-License-Identifier: Apache-2.0 */
/* owed.h - ends of jobs that could not be written down: the disk is full, the database is
 * somebody else's for too long. They are tried again until it works, so that no job stays
 * "running" that has ended; meanwhile this server knows better than the store.
 */
#pragma once

#include "job/store.h"

/* More would be a store that never comes back; the oldest are given up. */
#define OWED_MAX 64

struct event_base;
struct owed;

struct owed *owed_new(struct event_base *base, struct store *store);
void owed_free(struct owed *owed); /* tries once more; NULL is fine */

/* Takes *record, which has ended. `known`: the store has it as an open one. */
void owed_add(struct owed *owed, struct record *record, bool known);

/* Borrowed, or NULL. */
const struct record *owed_find(const struct owed *owed, const char *id);
