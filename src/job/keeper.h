/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.h - who lives: a lock on keepers/<name> for as long as its process does.
 *
 * The lock belongs to an open file description (fcntl_locking(2)), so the kernel gives it
 * back at the last close, however the process ends, and asking for it disturbs nobody.
 * Internal to src/job.
 */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>

#define KEEPER_MAX 40

/* A name of its own, and the file locked; *fd is the caller's. A transaction that writes
 * must be open, here and around keeper_bury(): a file that is not locked yet looks dead. */
int keeper_enter(int keepers, char name[KEEPER_MAX], int *fd, struct error *err) must_check;

bool keeper_lives(int keepers, const char *name);

/* The names of all that have a file; the caller's (list_free). */
void keeper_list(int keepers, char ***ret);

/* Takes the file away. */
void keeper_bury(int keepers, const char *name);
