/* SPDX-License-Identifier: Apache-2.0 */
/* protect.h - names at the top of a workspace that later run code for its owner.
 *
 * Those that exist are read-only in the box (plan_workspace.c). One that a run creates in
 * a live workspace is named in its result; in an overlay workspace it is not applied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/changes.h>

/* True for a name of the list, in whatever case: some file systems do not tell .GIT from .git. */
bool protect_covers(char *const *names, const char *name);

/* What of the list there was before a run, and of what its links lead to. The names are
 * borrowed; `path` is the workspace's own, canonical. */
struct protect;
struct protect *protect_look(int workspace, const char *path, char *const *names);

/* Adds what came since, or is another link than before; and what cannot be looked at, so that
 * nobody knows. */
void protect_compare(const struct protect *before, int workspace, struct changes *changes);
void protect_free(struct protect *protect);
