/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_branch.c - a keeper whose interpreter forks a box per order, one order after the other.
 *
 * Its groups, its slot and the interpreter stay; what an order has used is told from readings
 * before it. No stranger's code ever runs in the interpreter, so it loads no packages: an
 * environment's would (".pth").
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include <cordon/log.h>

#include "clock.h"
#include "counters.h"
#include "fd.h"
#include "keeper_inside.h"
#include "marks.h"
#include "str.h"
#include "usage_end.h"
#include "variables.h"

struct forester {
    struct keeper *keeper;
    struct stem stem;
    struct plan stem_plan;
    struct box next; /* stands, and waits for its order; or pid -1 */
    struct cgroup_base base;
    bool begun; /* the order's payload is about to run */
};

static struct forester forester;

/* Of the interpreter's own modules those that start nothing and decide nothing when they are
 * loaded: no thread, no file, no random state that a fork would share. */
static const char *const loaded_ahead[] = {
    "argparse",    "array",       "ast",        "asyncio",   "base64",    "bisect",      "calendar",
    "cmath",       "collections", "contextlib", "copy",      "csv",       "dataclasses", "datetime",
    "decimal",     "difflib",     "enum",       "fractions", "functools", "glob",        "hashlib",
    "heapq",       "html",        "inspect",    "io",        "itertools", "json",        "logging",
    "math",        "numbers",     "operator",   "os",        "pathlib",   "pickle",      "platform",
    "pprint",      "queue",       "random",     "re",        "shutil",    "signal",      "socket",
    "sqlite3",     "ssl",         "statistics", "string",    "struct",    "subprocess",  "sys",
    "tempfile",    "textwrap",    "threading",  "time",      "traceback", "types",       "typing",
    "unicodedata", "unittest",    "urllib",     "uuid",      "warnings",  "weakref",     "xml",
    "zipfile",     "zlib",        "zoneinfo",
};

/* --- standing up -------------------------------------------------------------------------- */

static const char *obstacle(const struct job *stand)
{
    if (stand->ready.environment.path)
        return "packages run code of their own in it";
    return stem_obstacle(&stand->plan);
}

static void choose_modules(struct job *stand)
{
    for (size_t i = 0; i < COUNT(loaded_ahead); i++)
        if (list_has(stand->launch->imports, loaded_ahead[i]))
            list_add(&stand->preload, loaded_ahead[i]);
}

/* What its orders are confined by. Of the trees it only has to know where they are. */
static int plan_orders(struct job *stand, struct error *err)
{
    int r = identity_take(stand->sandbox, -1, false, &stand->identity, err);
    if (r == 0)
        r = job_make_plan(stand, err);
    if (r < 0)
        return r;
    const char *why = obstacle(stand);
    if (why)
        return fail_policy(err, ENOTSUP, "%s", why);
    for (size_t i = 0; i < stand->plan.root.mount_count; i++) {
        own_close(&stand->plan.root.mounts[i].tree);
        stand->plan.root.mounts[i].tree = -1;
    }
    struct limits wide = stem_limits(&stand->limits);
    r = cgroup_make(stand->sandbox, &wide, &stand->cgroup, err);
    stand->grouped = r == 0;
    if (r == 0 && cgroup_has_pids(&stand->cgroup))
        plan_leave_processes(&stand->plan);
    return r;
}

/* The same box once more, for the interpreter that waits. */
static int plan_stem(struct forester *all, struct error *err)
{
    struct keeper *keeper = all->keeper;
    struct job stem = keeper->stand;
    stem.standing = &keeper->standing;
    stem.env = list_copy(keeper->stand.env);
    variables_set(&stem.env, "CORDON_STANDING_FORK", "1");
    stem.planned = false;
    autofree char *library = stem_library(err);
    int r = library ? job_make_plan(&stem, err) : -ENOENT;
    if (r == 0) {
        all->stem_plan = stem.plan;
        r = stem_plan(&all->stem_plan, err);
    }
    if (r == 0) {
        r = box_start(&all->stem_plan, &stem.cgroup, &keeper->box, err);
        all->stem.sock = keeper->standing.channel;
    }
    list_free(stem.env);
    return r;
}

static int stand_next(struct forester *all, struct error *err)
{
    struct keeper *keeper = all->keeper;
    int r = branch_stand(&all->stem, &keeper->stand.plan, &all->next, err);
    if (r == 0 && !cgroup_has_cpu(&keeper->stand.cgroup))
        all->next.counter = counter_of_time(all->next.pid);
    return r;
}

static int stand_up(struct forester *all, struct error *err)
{
    struct keeper *keeper = all->keeper;
    struct job *stand = &keeper->stand;
    keeper_choose_preload(stand);
    choose_modules(stand);
    keeper_look_at_files(keeper);
    int r = plan_orders(stand, err);
    if (r == 0)
        r = standing_make(&keeper->standing, err);
    if (r == 0)
        r = plan_stem(all, err);
    standing_let_go(&keeper->standing);
    if (r == 0)
        r = box_hear(&keeper->box, REPORT_RUNNING, err);
    plan_done(&all->stem_plan); /* its box stands: it holds what it was made of itself */
    if (r == 0)
        r = stand_next(all, err);
    /* What the interpreter holds is no order's. */
    return r < 0 ? r : cgroup_widen(&stand->cgroup, &stand->limits, STEM_PROCESSES - 1, err);
}

/* --- one order ---------------------------------------------------------------------------------
 */

/* The job has what the keeper has, and gives none of it back. */
static int move_in(struct forester *all, struct error *err)
{
    struct job *stand = &all->keeper->stand, *job = &all->keeper->job;
    const struct launch *launch = job->launch;
    job->identity = stand->identity;
    job->identity.lock = -1;
    job->plan = stand->plan;
    job->plan.limits = job->limits;
    job->plan.env = job->env;
    job->plan.root.script = job->command.script_at ? launch->fds[FD_SCRIPT] : -1;
    const int stdio[] = { launch->fds[FD_STDIN], launch->fds[FD_STDOUT], launch->fds[FD_STDERR] };
    memcpy(job->plan.stdio, stdio, sizeof(stdio));
    for (size_t i = 0; i < job->plan.rlimit_count; i++)
        if (job->plan.rlimits[i].resource == RLIMIT_CPU)
            job->plan.rlimits[i].value = plan_cpu_seconds(&job->limits);
    job->cgroup = stand->cgroup;
    cgroup_begin(&job->cgroup, &all->base);
    job_say_progress_file(job);
    return job_describe(job, "on", err);
}

static int send_order(struct forester *all, struct error *err)
{
    const struct job *job = &all->keeper->job;
    const struct standing_order order = { .argv = job->command.argv,
                                          .arguments = list_len(job->launch->argv),
                                          .env = job->env };
    autostr struct str text = { 0 };
    int r = standing_text(&order, &text, err);
    return r < 0 ? r : branch_order(&all->next, &job->plan, text.data, text.len, err);
}

/* Until then it could still have a fresh box. */
static void begin(void *context)
{
    struct job *job = context;
    forester.begun = true;
    job_tell_started(job);
    job_let_go(job->launch);
}

/* An error: nothing has run. */
static int run(struct forester *all, struct outcome *outcome, struct error *err)
{
    struct job *job = &all->keeper->job;
    struct workspace_watch workspace;
    struct supervision supervision;
    int r = move_in(all, err);
    mark("move in");
    if (r < 0)
        return r;
    job_supervision(job, &all->next, &supervision);
    job_move_in(job, &workspace, &supervision);
    supervision.started = begin;
    all->begun = false;
    r = send_order(all, err);
    mark("hand over");
    if (r == 0) {
        supervise(&supervision, outcome);
        job_supervised(job, &supervision, outcome);
    }
    mark("last readings");
    workspace_end(&workspace, &job->changes, outcome);
    mark("changes");
    if (r == 0 && outcome->end == END_FAULT && !all->begun)
        r = fail_host_as(err, EAGAIN, "the forked box was lost: %s", outcome->error.text);
    if (r < 0) {
        box_done(&all->next);
        started_done(&job->started);
    }
    return r;
}

/* Why the order cannot have the box, or NULL. */
static const char *unfit(struct forester *all, struct error *err)
{
    const char *why = keeper_difference(all->keeper);
    if (!why && all->next.pid < 0 && stand_next(all, err) < 0)
        why = err->text;
    return why;
}

/* False: what stands is not what is asked for, or does not stand any more. */
static bool obey(struct forester *all)
{
    struct keeper *keeper = all->keeper;
    struct job *job = &keeper->job;
    struct outcome outcome = { .end = END_FAULT };
    struct error err = { 0 }, reason = { 0 };
    usage_again();
    marks_begin();
    int r = job_begin(job, keeper->sandbox, &keeper->launch, &err);
    if (r == 0)
        r = job_get_ready(job, true, &err);
    const char *why = r == 0 ? unfit(all, &reason) : NULL;
    mark("look at the box");
    if (r == 0 && !why && run(all, &outcome, &reason) < 0)
        why = reason.text;
    if (why)
        r = job_spawn(job, why, &outcome, &err);
    /* First, so that whoever has heard of the end finds the next one waiting. */
    bool used = r == 0 && !why;
    if (!why)
        keeper_say_ready(keeper);
    job_end(job, r < 0 ? &err : NULL, &outcome);
    if (used)
        box_done(&all->next);
    return !why;
}

/* --- its life ----------------------------------------------------------------------------- */

static void take_leave(const struct keeper *keeper, const char *reason)
{
    keeper_say(keeper, KEEPER_GONE, reason, strlen(reason));
}

static void serve(struct forester *all)
{
    struct keeper *keeper = all->keeper;
    struct error err = { 0 };
    keeper_say_ready(keeper);
    for (bool stays = true; stays;) {
        if (all->next.pid < 0 && stand_next(all, &err) < 0) {
            take_leave(keeper, err.text);
            stays = false;
        } else if (!keeper_await(keeper, all->next.pidfd)) {
            take_leave(keeper, "the interpreter has ended, or its slot is wanted");
            stays = false;
        }
        /* What was sent before it took leave is taken all the same. */
        stays = keeper_receive(keeper) != 0 && obey(all) && stays;
    }
}

int keeper_branch(struct keeper *keeper, struct error *err)
{
    forester.keeper = keeper;
    forester.stem_plan.root.script = forester.stem_plan.upper = -1;
    forester.next = keeper->box = box_none();
    keeper->stays = true;
    int r = stand_up(&forester, err);
    if (r == 0)
        serve(&forester);
    keeper->stays = r == 0;
    box_done(&forester.next);
    own_close(&keeper->standing.channel); /* and with it the stem */
    keeper->standing.channel = -1;
    box_done(&keeper->box);
    standing_done(&keeper->standing);
    job_leave_place(&keeper->stand);
    list_free(keeper->stand.preload);
    keeper->stand.preload = NULL;
    return r;
}
