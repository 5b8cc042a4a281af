/* SPDX-License-Identifier: Apache-2.0 */
/* job_box.c - what a job's box is given: ways out, files, variables, and the plan of it all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "branching.h"
#include "chart.h"
#include "fd.h"
#include "job_inside.h"
#include "profile_program.h"
#include "progress.h"
#include "standing.h"
#include "str.h"
#include "variables.h"

/* --- the way out ----------------------------------------------------------------------- */

/* An address that was typed is meant, wherever it is; so is localhost. Any other
 * name may lead only where a policy's may. */
static int permit_host(struct job *job, const char *text, struct error *err)
{
    struct host host;
    if (!host_parse(text, strlen(text), &host))
        return fail_caller(err, EINVAL, "--allow-host: not a host");
    bool exact = host.kind == HOST_IPV4 || host.kind == HOST_IPV6;
    egress_order_permit(&job->egress, host.name, host.port,
                        exact || strcmp(host.name, "localhost") == 0);
    return 0;
}

int job_find_hosts(struct job *job, struct error *err)
{
    const struct policy *policy = job->policy;
    egress_order_begin(&job->egress, policy, job->limits.cpu_ms);
    int r = 0;
    for (size_t i = 0; r == 0 && i < list_len(job->launch->hosts); i++)
        r = permit_host(job, job->launch->hosts[i], err);
    return r;
}

static bool has_way_out(const struct job *job)
{
    return job->policy->hosts_allowed || job->launch->hosts;
}

/* --- the box ---------------------------------------------------------------------------- */

static void bind(struct job *job, struct plan_bind what)
{
    job->binds[job->bind_count++] = what;
}

/* What the policy lists of the host is there already. */
static bool policy_shows(const struct policy *policy, const char *path)
{
    for (size_t i = 0; i < policy->file_count; i++)
        if (policy->files[i].kind == FILE_READ && !policy->files[i].at &&
            path_within(path, policy->files[i].path))
            return true;
    return false;
}

static void bind_everything(struct job *job)
{
    const struct launch *launch = job->launch;
    if (job->ready.python && !policy_shows(job->policy, job->ready.python->prefix))
        bind(job, (struct plan_bind){ .host = job->ready.python->prefix, .why = "interpreter" });
    if (job->chart)
        bind(job, (struct plan_bind){
                      .host = job->chart, .inside = CHART_INSIDE, .why = "cordon-chart" });
    if (job->ready.environment.path)
        bind(job, (struct plan_bind){ .host = job->ready.environment.path,
                                      .inside = ENVIRONMENT_INSIDE,
                                      .why = "environment" });
    if (job->ready.profiler.path)
        bind(job, (struct plan_bind){ .host = job->ready.profiler.path,
                                      .inside = PROFILE_ENVIRONMENT,
                                      .why = "profiler" });
    for (size_t i = 0; i < launch->extra_count; i++)
        bind(job, (struct plan_bind){ .host = launch->extra[i].path,
                                      .write = launch->extra[i].write,
                                      .own = true,
                                      .why = launch->extra[i].write ? "--write" : "--read" });
}

static int make_variables(struct job *job, struct error *err)
{
    int r = variables_make(job->sandbox, job->policy, job->launch->zone, job->launch->env,
                           &job->env, err);
    if (r < 0)
        return r;
    if (job->launch->terminal && !env_get(job->launch->env, "TERM"))
        variables_set(&job->env, "TERM", job->launch->terminal);
    if (has_way_out(job))
        egress_variables(&job->env, true);
    const char *project = job->ready.project ? job->workspace : NULL;
    variables_python_path(&job->env, job->command.import_directory, project);
    if (job->ready.profiler.path)
        variables_profile(&job->env);
    if (job->ready.environment.path) {
        autofree char *path = xasprintf(ENVIRONMENT_INSIDE "/bin:%s", env_get(job->env, "PATH"));
        variables_set(&job->env, "PATH", path);
        variables_set(&job->env, "VIRTUAL_ENV", ENVIRONMENT_INSIDE);
    }
    return 0;
}

bool job_tells_progress(const struct job *job)
{
    return job->launch->what == LAUNCH_SCRIPT && plan_scratch(&job->plan);
}

/* Only the plan knows where there is scratch space. */
void job_say_progress_file(struct job *job)
{
    if (!job_tells_progress(job))
        return;
    autofree char *path = path_join(plan_scratch(&job->plan), PROGRESS_FILE);
    variables_set(&job->env, "CORDON_PROGRESS", path);
    job->plan.env = job->env;
}

static const char *job_directory(const struct job *job)
{
    return job->workspace ? job->workspace : SCRATCH_HOME;
}

int job_decide(struct job *job, struct error *err)
{
    command_make(job->launch, job->ready.python, &job->ready.environment, job_directory(job),
                 &job->command);
    int r = make_variables(job, err);
    if (r < 0)
        return r;
    bind_everything(job);
    if (job->launch->fds[FD_STDIN] < 0)
        job->launch->fds[FD_STDIN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return job->launch->fds[FD_STDIN] < 0 ? fail_host(err, "open /dev/null") : 0;
}

char *job_own_directories(const struct job *job)
{
    const char *script = job->launch->script_path, *slash = script ? strrchr(script, '/') : NULL;
    autofree char *beside = slash ? xstrndup(script, (size_t)(slash - script)) : NULL;
    const char *first = job->command.import_directory ? job->command.import_directory
                        : beside                      ? beside
                                                      : job_directory(job);
    if (!job->ready.project)
        return xstrdup(first);
    return xasprintf("%s:%s:%s/src", first, job->workspace, job->workspace);
}

/* Of a box that waits: of an interpreter what it writes before its order, of pid 1 nothing. */
static int output_of(const struct job *job, enum launch_fd which)
{
    if (job->standing)
        return job->standing->ends[which - FD_STDOUT];
    return job->launch->fds[job->ahead ? FD_STDIN : which];
}

int job_make_plan(struct job *job, struct error *err)
{
    const struct launch *launch = job->launch;
    struct standing *standing = job->standing;
    struct error ignored;
    size_t bind_count = job->bind_count;
    autofree char *library = standing ? stem_library(&ignored) : NULL;
    if (standing) {
        autofree char *own = job_own_directories(job);
        standing_variables(&job->env, job->preload, own);
    }
    if (library) { /* without it, it ends as any */
        variables_set(&job->env, "CORDON_STANDING_LIBRARY", STEM_LIBRARY);
        job->binds[bind_count++] = (struct plan_bind){ .host = library,
                                                       .inside = STEM_LIBRARY,
                                                       .why = "cordon-branch.so" };
    }
    struct plan_request request = {
        .policy = job->policy,
        .limits = job->limits,
        .workspace = job->workspace,
        .workspace_fd = job->workspace_fd,
        .binds = job->binds,
        .bind_count = bind_count,
        .script = job->command.script_at ? launch->fds[FD_SCRIPT] : -1,
        .script_at = job->command.script_at,
        .argv = job->command.argv,
        .env = job->env,
        .cwd = job_directory(job),
        .stdio = { launch->fds[FD_STDIN], output_of(job, FD_STDOUT), output_of(job, FD_STDERR) },
        .standing = standing,
        .ahead = job->ahead,
        .profile = job->ready.profiler.path ? launch->fds[FD_PROFILE] : 0,
        .terminal = launch->terminal ? &launch->screen : NULL,
        .egress = has_way_out(job) ? &job->egress : NULL,
        .count_denied = true,
    };
    int r = plan_make(job->sandbox, &request, &job->identity, &job->plan, err);
    if (r < 0)
        return r;
    job->planned = true;
    job_say_progress_file(job);
    return 0;
}
