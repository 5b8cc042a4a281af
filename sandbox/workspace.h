/* SPDX-License-Identifier: Apache-2.0 */
/* workspace.h - the caller's directory during a run and after it, by its mode.
 *
 *     live (rw):        its growth is watched; protected names that came are told
 *     overlay-keep:     what was written is listed, and applied where the script exits 0
 *     overlay-discard:  listed, and dropped
 */
#pragma once

#include <cordon/changes.h>
#include <cordon/outcome.h>
#include <cordon/policy.h>

#include "growth.h"
#include "plan.h"

struct workspace_watch {
    enum workspace_mode mode; /* NONE: there is nothing to watch */
    size_t path_len;
    int dir, upper; /* borrowed: of the caller's directory, of the layer or -1 */
    int control;    /* the owner's control pipe, which stops applying; set after the beginning */
    bool root;
    struct limits limits;
    char *const *protected_names;
    char **protected_paths; /* of a layered one: what links of such names lead to */
    struct timespec since;
    struct protect *before;
    struct growth *growth;
    unsigned full;    /* bits of enum reached: what the layer had no room left for */
    enum grown grown; /* once a limit is reached: of what, and by how much */
    uint64_t grown_by;
};

/* Right before the box starts. `path` and `dir` are the caller's directory, NULL and -1: none. */
void workspace_begin(struct workspace_watch *watch, const struct policy *policy,
                     const struct plan *plan, const char *path, int dir);

/* True once the limit of its growth is reached; *next is brought forward to when to look again. */
bool workspace_look(struct workspace_watch *watch, pid_t init, uint64_t now, uint64_t *next);

/* After the box: fills the change list and what the outcome says of the workspace. */
void workspace_end(struct workspace_watch *watch, struct changes *changes, struct outcome *outcome);

/* The layer limits.workspace_growth. */
const char *workspace_layer(const struct policy *policy, int dir);
