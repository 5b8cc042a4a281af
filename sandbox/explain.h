/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - why a host cannot build a box, and the way out. */
#pragma once

#include <cordon/error.h>
#include <cordon/limits.h>
#include <cordon/outcome.h>

#include "confine.h"

/* Making namespaces failed with errno: says which switch, profile or surrounding it is. */
int explain_namespaces(struct error *err);

/* A namespace was made, and its maps could not be written; err says why not. */
int explain_maps(struct error *err);

/* Something is not where it should be: because no box can be built here at all (tried),
 * or simply `what`. */
int explain_surroundings(const char *what, struct error *err);

/* Changing mounts in a mount namespace of our own failed with errno. */
int explain_mounting(struct error *err);

/* mount_setattr failed with errno for the tree `name`: also what a kernel that lacks it means. */
int explain_mount_attributes(const char *name, struct error *err);

/* A step inside failed: names it, its object and the reason, and what to do where that is known. */
int explain_step(const struct report *report, struct error *err);

/* The sentence of an outcome that a limit ended: which, and how much it is. `child`: the kernel
 * took a process that the script had started, and not the script, for the memory of all. */
void explain_limit(const struct limits *limits, bool child, struct outcome *outcome);
