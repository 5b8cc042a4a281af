/* SPDX-License-Identifier: Apache-2.0 */
/* workspace.c - what is done about a workspace before, during and after a run. */
#include "workspace.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "chain.h"
#include "growth.h"
#include "harvest.h"
#include "protect.h"
#include "room.h"
#include "str.h"

void workspace_begin(struct workspace_watch *watch, const struct policy *policy,
                     const struct plan *plan, const char *path, int dir)
{
    *watch = (struct workspace_watch){
        .mode = dir < 0 ? WORKSPACE_NONE : policy->workspace,
        .path_len = path ? strlen(path) : 0,
        .dir = dir,
        .control = -1,
        .upper = plan->upper,
        .root = plan->identity.root,
        .limits = plan->limits,
        .protected_names = policy->protect,
    };
    /* Not the coarse clock: a file made just now would be younger than that. */
    (void)clock_gettime(CLOCK_REALTIME, &watch->since);
    if (watch->upper >= 0)
        watch->protected_paths = chain_paths(dir, path, policy->protect);
    if (watch->mode != WORKSPACE_WRITE)
        return;
    watch->before = protect_look(dir, path, policy->protect);
    watch->growth =
        growth_watch(dir, plan->limits.workspace_growth_bytes, plan->limits.inodes, watch->since);
}

bool workspace_look(struct workspace_watch *watch, pid_t init, uint64_t now, uint64_t *next)
{
    if (watch->upper >= 0 && !watch->full)
        watch->full = room_reached(watch->upper, REACHED_GROWTH);
    enum grown grown;
    uint64_t by;
    if (!watch->growth || watch->grown_by > 0)
        return false;
    bool reached = growth_reached(watch->growth, init, now, &grown, &by);
    if (reached) {
        watch->grown = grown;
        watch->grown_by = by;
    }
    uint64_t again = growth_next(watch->growth);
    if (again < *next)
        *next = again;
    return reached;
}

static void say_growth(const struct workspace_watch *watch, struct outcome *outcome)
{
    if (watch->grown == GROWN_FILES) {
        (void)fail_policy(&outcome->error, EDQUOT,
                          "inodes limit of %llu reached: the workspace got about %llu more files",
                          (unsigned long long)watch->limits.inodes,
                          (unsigned long long)watch->grown_by);
        return;
    }
    char limit[32], grown[32];
    limit_print(watch->limits.workspace_growth_bytes, UNIT_SIZE, limit);
    limit_print(watch->grown_by >> 20 << 20, UNIT_SIZE, grown);
    (void)fail_policy(&outcome->error, EDQUOT,
                      "workspace_growth limit of %s reached: the workspace grew by about %s", limit,
                      grown);
}

/* What is applied stays: it is whole files, and taking it back could fail as well. */
static void say_partly(struct changes *changes, const struct error *err, struct outcome *outcome)
{
    bool stopped = err->code == ECANCELED;
    size_t applied = changes->more;
    for (size_t i = 0; i < changes->count; i++)
        applied += !changes->list[i].note;
    outcome->end = stopped ? END_CANCELLED : END_FAULT;
    outcome->error = *err;
    if (stopped && applied == 0) {
        changes->fate = CHANGES_DROPPED;
        (void)fail_within(&outcome->error, "the changes were not applied");
        return;
    }
    changes->failed++; /* at least */
    (void)fail_within(&outcome->error, stopped
                                           ? "the changes were applied in part, the rest is dropped"
                                           : "the changes were applied in part");
}

static void take_writes(struct workspace_watch *watch, struct changes *changes,
                        struct outcome *outcome)
{
    bool keep =
        watch->mode == WORKSPACE_OVERLAY_KEEP && outcome->end == END_EXITED && outcome->code == 0;
    struct harvest_request request = {
        .upper = watch->upper,
        .workspace = watch->dir,
        .path_max = PATH_MAX - 3 - watch->path_len, /* two slashes and the NUL */
        .keep = keep,
        .control = watch->control,
        .root = watch->root,
        .since = watch->since,
        .room = watch->limits.workspace_growth_bytes,
        .protect = watch->protected_names,
        .protect_paths = watch->protected_paths,
    };
    struct error err = { 0 };
    changes->fate = keep ? CHANGES_APPLIED : CHANGES_DROPPED;
    if (harvest(&request, changes, &err) < 0 && keep) {
        say_partly(changes, &err, outcome);
    }
    outcome->reached |= watch->full | room_reached(watch->upper, REACHED_GROWTH);
}

void workspace_end(struct workspace_watch *watch, struct changes *changes, struct outcome *outcome)
{
    if (outcome->end == END_DISK)
        say_growth(watch, outcome);
    if (watch->upper >= 0)
        take_writes(watch, changes, outcome);
    if (watch->before)
        protect_compare(watch->before, watch->dir, changes);
    protect_free(watch->before);
    list_free(watch->protected_paths);
    growth_free(watch->growth);
    *watch = (struct workspace_watch){ .upper = -1, .dir = -1 };
}

const char *workspace_layer(const struct policy *policy, int dir)
{
    if (dir < 0 || policy->workspace == WORKSPACE_NONE)
        return "enforced (no workspace)";
    if (policy->workspace == WORKSPACE_WRITE)
        return growth_layer(dir);
    return workspace_is_layered(policy->workspace) ? "enforced (size of the tmpfs)"
                                                   : "enforced (read-only)";
}
