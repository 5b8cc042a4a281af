/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - one launch as a straight line: admit, prepare, box, watch, tell. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chart.h"
#include "clock.h"
#include "fd.h"
#include "job_inside.h"
#include "marks.h"
#include "roots.h"
#include "str.h"

/* --- notes ------------------------------------------------------------------------- */

static void note_phase(void *context, const char *what)
{
    const struct job *job = context;
    struct note note = { .kind = NOTE_PHASE };
    (void)snprintf(note.phase, sizeof(note.phase), "%s", what);
    tell(job->launch, &note);
}

static void note_waiting(void *context)
{
    note_phase(context, PHASE_WAITING);
}

/* Without the wait for a slot. */
static uint64_t since_prepared(const struct job *job, uint64_t now)
{
    return now - job->prepared_ns - (job->started.queue_ns - job->waited_ns);
}

void job_tell_started(void *context)
{
    struct job *job = context;
    job->started.box_ns = since_prepared(job, now_ns());
    struct note note = { .kind = NOTE_STARTED, .started = job->started };
    tell(job->launch, &note);
}

static void note_progress(void *context, const struct progress_note *progress)
{
    const struct job *job = context;
    tell(job->launch, &(const struct note){ .kind = NOTE_PROGRESS, .progress = *progress });
}

static void note_sample(void *context, const struct sample *sample)
{
    const struct job *job = context;
    tell(job->launch, &(const struct note){ .kind = NOTE_SAMPLE, .sample = *sample });
}

static void note_measured(struct job *job)
{
    struct note note = { .kind = NOTE_MEASURED };
    measure_end(&job->measure, &note.measured);
    tell(job->launch, &note);
}

/* --- admission ---------------------------------------------------------------------- */

/* What cordon's own commands run under while an environment is found or made. */
static const char *const errand_policies[] = { "strict", "fetch" };

static int find_policy(struct job *job, struct error *err)
{
    const struct sandbox *sandbox = job->sandbox;
    struct launch *launch = job->launch;
    if (launch->policy_file)
        return policy_ready_file(sandbox, launch->policy_file, &job->policy, err);
    const char *name = launch->policy[0] ? launch->policy : sandbox->config.default_policy;
    if (strcmp(name, POLICY_OWN) == 0)
        return fail_policy(err, EPERM, "policy " POLICY_OWN " is cordon's own and cannot be named");
    bool given = sandbox->oneshot || launch->what == LAUNCH_CHART;
    char *const *may = config_policies(&sandbox->config, launch->owner);
    if (!given && !list_has(may, name)) {
        autofree char *allowed = list_join(may);
        return fail_policy(err, EPERM, "policy %s may not be named by a client; allowed: %s", name,
                           allowed);
    }
    return policy_ready(sandbox, name, &job->policy, err);
}

static int meet_limits(struct job *job, struct error *err)
{
    struct limits asked = job->launch->asked;
    if (job->launch->wall_lower && asked.wall_ms != UNBOUNDED &&
        asked.wall_ms > job->policy->limits.wall_ms)
        asked.wall_ms = job->policy->limits.wall_ms;
    int r = limits_within(&job->policy->limits, &asked, err);
    if (r < 0)
        return fail_within(err, "policy %s", job->policy->name);
    job->limits = limits_meet(limits_meet(job->policy->limits, job->launch->ceiling), asked);
    return 0;
}

void job_remember(const struct sandbox *sandbox, const struct launch *launch)
{
    if (sandbox->root)
        return;
    if (launch->policy_file)
        policy_remember_file(sandbox, launch->policy_file);
    else if (launch->what == LAUNCH_CHART)
        policy_remember(sandbox, CHART_POLICY);
    else
        policy_remember(sandbox,
                        launch->policy[0] ? launch->policy : sandbox->config.default_policy);
    policy_remember(sandbox, WITNESS_POLICY);
    for (size_t i = 0; needs_python(launch) && i < COUNT(errand_policies); i++)
        policy_remember(sandbox, errand_policies[i]);
}

/* What only the person at the command line may ask for. */
static int operator_only(const struct job *job, struct error *err)
{
    if (job->sandbox->oneshot)
        return 0;
    if (job->launch->terminal)
        return fail_policy(err, EPERM, "a terminal is the operator's");
    if (job->launch->fds[FD_PROFILE] >= 0)
        return fail_policy(err, EPERM, "a profile is the operator's");
    if (job->launch->policy_file || job->launch->extra_count > 0 || job->launch->hosts)
        return fail_policy(err, EPERM, "policy files, further mounts and hosts are the operator's");
    if (job->launch->python && strchr(job->launch->python, '/'))
        return fail_policy(err, EPERM, "an interpreter by its path is the operator's to name");
    return 0;
}

static int admit_kind(struct job *job, struct error *err)
{
    if (job->launch->what != LAUNCH_CHART)
        return 0;
    int r = chart_admit(job->launch, err);
    return r < 0 ? r : chart_program(&job->chart, err);
}

static int admit(struct job *job, struct error *err)
{
    int r = operator_only(job, err);
    if (r == 0)
        r = admit_kind(job, err);
    if (r == 0)
        r = find_policy(job, err);
    if (r < 0)
        return r;
    (void)snprintf(job->launch->policy, sizeof(job->launch->policy), "%s", job->policy->name);
    r = meet_limits(job, err);
    if (r == 0 && job->launch->workspace) {
        r = roots_directory(job->sandbox, job->launch->owner, job->launch->workspace,
                            &job->workspace, err);
        job->workspace_fd = r >= 0 ? r : -1;
    }
    return r < 0 ? r : 0;
}

/* Of this run, as far as it has come. */
static struct audit_entry *audited(struct job *job)
{
    struct audit_entry *entry = &job->audited;
    entry->launch = job->launch;
    entry->directory = job->workspace;
    entry->policy_sha256 = job->policy ? job->policy->sha256 : NULL;
    entry->python = job->ready.python ? job->ready.python->version : NULL;
    entry->environment = job->ready.environment.key;
    return entry;
}

/* What it is, while it still is there as it was sent. */
static int note_down(struct job *job, struct error *err)
{
    audit_hash(job->launch, job->workspace, job->workspace_fd, job->audited.script_sha256);
    return audit_start(job->sandbox, audited(job), err);
}

static int prepare_run(struct job *job, bool insist, struct error *err)
{
    const struct prepare_request request = { .launch = job->launch,
                                             .policy = job->policy,
                                             .workspace = job->workspace,
                                             .workspace_fd = job->workspace_fd,
                                             .insist = insist,
                                             .phase = note_phase,
                                             .context = job };
    return prepare(job->sandbox, &request, &job->ready, err);
}

/* --- the box ---------------------------------------------------------------------------- */

static void describe_environment(struct job *job)
{
    struct started *started = &job->started;
    started->limits = job->limits;
    started->output_end = job->policy->output_end;
    (void)snprintf(started->policy, sizeof(started->policy), "%s", job->policy->name);
    started->uv = job->launch->use_uv;
    started->cached = job->ready.environment.cached;
    started->key = job->ready.environment.key ? xstrdup(job->ready.environment.key) : NULL;
    started->python = job->ready.python ? xstrdup(job->ready.python->version) : NULL;
    started->requirements = list_copy(job->ready.requirements);
    started->installed = list_copy(job->ready.environment.installed);
    started->hints = list_copy(job->ready.hints);
    started->queue_ns = slots_waited_ns();
    started->prepare_ns = job->prepared_ns - job->arrived_ns - job->waited_ns;
}

static void describe(struct job *job)
{
    describe_environment(job);
    const char *growth = workspace_layer(job->policy, job->workspace_fd);
    layers_make(&job->plan, &job->cgroup, &job->verdict, growth, &job->started);
}

/* Ours of the payload's ends: while we hold them their readers see no end. */
void job_let_go(struct launch *launch)
{
    static const enum launch_fd theirs[] = { FD_STDIN, FD_STDOUT, FD_STDERR, FD_PROFILE };
    for (size_t i = 0; i < COUNT(theirs); i++) {
        own_close(&launch->fds[theirs[i]]);
        launch->fds[theirs[i]] = -1;
    }
}

/* What a supervision knows of the job, and not of its box. */
void job_move_in(struct job *job, struct workspace_watch *workspace, struct supervision *run)
{
    workspace_begin(workspace, job->policy, &job->plan, job->workspace, job->workspace_fd);
    workspace->control = job->launch->fds[FD_CONTROL];
    job->measure = (struct measure){ .asked_ns = job->launch->sample_ms * NS_PER_MS,
                                     .told = note_sample,
                                     .context = job };
    run->ear = job->ear;
    run->grace_ms = job->policy->grace_ms;
    run->control = job->launch->fds[FD_CONTROL];
    run->workspace = workspace;
    run->started = job_tell_started;
    run->measure = job->launch->sample_ms > 0 ? &job->measure : NULL;
    run->glanced = note_sample;
    run->progressed = job_tells_progress(job) ? note_progress : NULL;
    run->context = job;
}

void job_supervision(struct job *job, struct box *box, struct supervision *ret)
{
    *ret = (struct supervision){ .box = box,
                                 .cgroup = &job->cgroup,
                                 .limits = &job->limits,
                                 .filter = &job->plan.filter,
                                 .control = -1,
                                 .feed = -1,
                                 .drains = { { .fd = -1 }, { .fd = -1 } },
                                 .scratch = plan_scratch(&job->plan) };
}

void job_supervised(const struct job *job, const struct supervision *run, struct outcome *outcome)
{
    if (run->started_ns > job->prepared_ns)
        outcome->box_ns = since_prepared(job, run->started_ns);
}

static int watch(struct job *job, struct outcome *outcome, struct error *err)
{
    struct workspace_watch workspace;
    struct terminal terminal;
    struct supervision run;
    struct launch *launch = job->launch;
    int r = launch->terminal ? terminal_begin(&terminal, fd_take(&launch->fds[FD_STDIN]),
                                              fd_take(&launch->fds[FD_STDOUT]), err)
                             : 0;
    if (r < 0)
        return r;
    job_supervision(job, &job->box, &run);
    job_move_in(job, &workspace, &run);
    run.terminal = launch->terminal ? &terminal : NULL;
    if (launch->sample_ms > 0 && launch->counted)
        job->plan.counters = &job->measure.counters;
    mark("workspace");
    r = box_start(&job->plan, &job->cgroup, &job->box, err);
    job_let_go(launch);
    if (r == 0) {
        supervise(&run, outcome);
        job_supervised(job, &run, outcome);
        mark("last readings");
    }
    if (r == 0 && run.measure && launch->counted)
        note_measured(job);
    if (launch->terminal)
        terminal_end(&terminal);
    workspace_end(&workspace, &job->changes, outcome);
    mark("changes");
    return r;
}

int job_get_ready(struct job *job, bool ordered, struct error *err)
{
    int r = admit(job, err);
    mark("admit");
    if (r == 0 && ordered)
        r = note_down(job, err);
    mark("note down");
    if (r == 0)
        r = job_find_hosts(job, err);
    if (r == 0)
        r = verdict_get(job->sandbox, false, &job->verdict, err);
    mark("verdict");
    if (r == 0)
        r = prepare_run(job, false, err);
    if (r == 0)
        r = job_decide(job, err);
    mark("prepare");
    job->prepared_ns = marks_last();
    job->waited_ns = slots_waited_ns();
    return r;
}

int job_take_place(struct job *job, struct error *err)
{
    int r = identity_take(job->sandbox, job->launch->fds[FD_CONTROL], !job->standing && !job->ahead,
                          &job->identity, err);
    mark("identity");
    if (r == 0)
        r = job_make_plan(job, err);
    mark("plan");
    if (r == 0) {
        r = cgroup_make(job->sandbox, &job->limits, &job->cgroup, err);
        job->grouped = r == 0;
    }
    mark("make groups");
    if (r == 0 && cgroup_has_pids(&job->cgroup))
        plan_leave_processes(&job->plan);
    return r;
}

void job_leave_place(struct job *job)
{
    box_done(&job->box);
    if (job->grouped)
        cgroup_remove(&job->cgroup);
    job->grouped = false;
    if (job->planned)
        plan_done(&job->plan);
    job->planned = false;
    identity_drop(&job->identity);
    job->identity.lock = -1;
}

int job_describe(struct job *job, const char *start, struct error *err)
{
    describe(job);
    if (job->policy->start != START_SPAWN)
        layers_add(&job->started, "start", start);
    return layers_require(job->policy, &job->started, err);
}

int job_spawn(struct job *job, const char *why, struct outcome *outcome, struct error *err)
{
    autofree char *start = xasprintf("off: %s", why);
    int r = job_take_place(job, err);
    if (r == 0)
        r = job_describe(job, start, err);
    return r < 0 ? r : watch(job, outcome, err);
}

static int job_steps(struct job *job, struct outcome *outcome, struct error *err)
{
    int r = job_get_ready(job, true, err);
    const char *why =
        job->sandbox->oneshot ? "a box of its own, without a server" : "no box like it was waiting";
    return r < 0 ? r : job_spawn(job, why, outcome, err);
}

/* --- the end ------------------------------------------------------------------------------ */

/* Whose move it is decides what the caller is told (architecture, "Errors"). */
static struct outcome outcome_of(const struct error *err, bool operator)
{
    const struct outcome outcome = { .end = err->code == ECANCELED
                                                ? END_CANCELLED
                                                : end_of_failure(err->blame, operator),
                                     .error = *err };
    return outcome;
}

void job_done(struct job *job)
{
    job_leave_place(job);
    command_done(&job->command);
    preparation_done(&job->ready);
    list_free(job->env);
    egress_order_done(&job->egress);
    free(job->workspace);
    free(job->chart);
    own_close(&job->workspace_fd);
    policy_free(job->policy);
    started_done(&job->started);
    changes_done(&job->changes);
    launch_done(job->launch);
}

static int prepare_steps(struct job *job, struct error *err)
{
    int r = admit(job, err);
    if (r == 0)
        r = prepare_run(job, true, err);
    if (r < 0)
        return r;
    job->prepared_ns = now_ns();
    describe_environment(job);
    job_tell_started(job);
    return 0;
}

void job_release_log(const struct sandbox *sandbox, const struct launch *launch)
{
    autoclose int nothing = -1;
    if (sandbox->oneshot || !launch->by_person)
        return;
    nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing >= 0)
        (void)dup2(nothing, STDERR_FILENO);
}

int job_begin(struct job *job, const struct sandbox *sandbox, struct launch *launch,
              struct error *err)
{
    *job = (struct job){ .sandbox = sandbox,
                         .launch = launch,
                         .identity = { .lock = -1 },
                         .workspace_fd = -1,
                         .box = box_none(),
                         .arrived_ns = now_ns() };
    if (launch->fds[FD_NOTES] < 0)
        return 0;
    slots_tell(note_waiting, job);
    return fd_nonblocking(launch->fds[FD_NOTES], err);
}

void job_prepare(const struct sandbox *sandbox, struct launch *launch)
{
    struct job job;
    struct outcome outcome = { .end = END_EXITED };
    struct error err = { 0 };
    if (job_begin(&job, sandbox, launch, &err) < 0 || prepare_steps(&job, &err) < 0)
        outcome = outcome_of(&err, launch->by_person);
    job_let_go(launch);
    tell_outcome(launch, &outcome);
    slots_tell(NULL, NULL);
    job_done(&job);
}

void job_run(const struct sandbox *sandbox, struct launch *launch)
{
    job_run_heard(sandbox, launch, NULL);
}

void job_run_heard(const struct sandbox *sandbox, struct launch *launch,
                   const struct notify_ear *ear)
{
    struct job job;
    struct outcome outcome = { .end = END_FAULT };
    struct error err = { 0 };
    job_release_log(sandbox, launch);
    int r = job_begin(&job, sandbox, launch, &err);
    job.ear = ear;
    if (r == 0)
        r = job_steps(&job, &outcome, &err);
    job_end(&job, r < 0 ? &err : NULL, &outcome);
}

void job_end(struct job *job, const struct error *err, struct outcome *outcome)
{
    const struct sandbox *sandbox = job->sandbox;
    struct launch *launch = job->launch;
    if (err)
        *outcome = outcome_of(err, launch->by_person);
    job_let_go(launch);
    /* A command line waits for us; a server's client only for the reply. */
    if (sandbox->oneshot)
        box_dismiss(&job->box);
    if (!job->audited.script_sha256[0]) /* it did not come so far */
        audit_hash(launch, NULL, -1, job->audited.script_sha256);
    job->audited.outcome = outcome;
    audit_end(sandbox, audited(job));
    mark("audit");
    if (job->changes.fate != CHANGES_LIVE || job->changes.count > 0)
        tell_changes(launch, &job->changes);
    marks_tell(launch);
    tell_outcome(launch, outcome);
    slots_tell(NULL, NULL);
    job_done(job);
}

void job_refuse(const struct sandbox *sandbox, struct launch *launch, const struct error *err)
{
    struct outcome outcome = outcome_of(err, launch->by_person);
    audit_unrun(sandbox, launch, &outcome);
    tell_outcome(launch, &outcome);
    launch_done(launch);
}
