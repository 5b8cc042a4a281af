/* SPDX-License-Identifier: Apache-2.0 */
/* errand.c - one of cordon's own commands in a throw-away box. */
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "json_read.h"
#include "layers.h"
#include "marks.h"
#include "plan.h"
#include "policy.h"
#include "str.h"
#include "supervise.h"
#include "workspace.h"
#include "written.h"

struct pipes {
    int in[2], out[2], err[2];
};

static void pipes_done(struct pipes *pipes)
{
    int *all[] = { pipes->in, pipes->out, pipes->err };
    for (size_t i = 0; i < COUNT(all); i++) {
        own_close(&all[i][0]);
        own_close(&all[i][1]);
        all[i][0] = all[i][1] = -1;
    }
}

static int pipes_make(struct pipes *pipes, struct error *err)
{
    *pipes = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
    if (pipe2(pipes->in, O_CLOEXEC) < 0 || pipe2(pipes->out, O_CLOEXEC) < 0 ||
        pipe2(pipes->err, O_CLOEXEC) < 0 || fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) < 0)
        return fail_host(err, "pipe");
    return 0;
}

static int errand_plan(const struct sandbox *sandbox, const struct errand *errand,
                       const struct policy *policy, const struct identity *identity,
                       const struct pipes *pipes, struct plan *ret, struct error *err)
{
    struct plan_bind binds[16];
    if (errand->mount_count > COUNT(binds))
        return fail_host_as(err, E2BIG, "an errand with %zu mounts", errand->mount_count);
    for (size_t i = 0; i < errand->mount_count; i++)
        binds[i] = (struct plan_bind){ .host = errand->mounts[i].host,
                                       .inside = errand->mounts[i].inside,
                                       .write = errand->mounts[i].write,
                                       .own = true,
                                       .no_execution = errand->mounts[i].no_execution,
                                       .why = "errand" };
    struct plan_request request = {
        .policy = policy,
        .limits = policy->limits,
        .workspace_fd = -1,
        .binds = binds,
        .bind_count = errand->mount_count,
        .script = -1,
        .argv = errand->argv,
        .env = errand->env,
        .cwd = errand->cwd,
        .stdio = { pipes->in[0], pipes->out[1], pipes->err[1] },
        .egress = errand->egress,
    };
    if (errand->wall_ms)
        request.limits.wall_ms = errand->wall_ms;
    return plan_make(sandbox, &request, identity, ret, err);
}

/* The box stands or not; either way every descriptor of ours is dealt with. */
static int errand_watch(const struct errand *errand, const struct plan *plan, struct cgroup *cgroup,
                        struct pipes *pipes, struct written *written, struct errand_result *ret,
                        struct error *err)
{
    struct box box;
    autostr struct str out = { 0 };
    autostr struct str errors = { 0 };
    int r = box_start(plan, cgroup, &box, err);
    if (r < 0)
        return r;
    /* The payload's ends are its own now. */
    own_close(&pipes->in[0]);
    own_close(&pipes->out[1]);
    own_close(&pipes->err[1]);
    pipes->in[0] = pipes->out[1] = pipes->err[1] = -1;
    if (errand->input_len == 0) {
        own_close(&pipes->in[1]);
        pipes->in[1] = -1;
    }
    struct supervision run = {
        .box = &box,
        .cgroup = cgroup,
        .limits = &plan->limits,
        .control = errand->control,
        .feed = fd_take(&pipes->in[1]),
        .input = errand->input,
        .input_len = errand->input_len,
        .drains = { { fd_take(&pipes->out[0]), ERRAND_OUTPUT_MAX, &out },
                    { fd_take(&pipes->err[0]), ERRAND_OUTPUT_MAX, &errors } },
        .written = written->count > 0 ? written_look : NULL,
        .context = written,
    };
    supervise(&run, &ret->outcome);
    own_close(&run.feed);
    box_done(&box);
    ret->out_len = out.len;
    ret->out = str_take(&out);
    ret->err_len = errors.len;
    ret->err = str_take(&errors);
    if (ret->outcome.end == END_CANCELLED)
        return fail_caller(err, ECANCELED, "cancelled");
    if (ret->outcome.end == END_FAULT) {
        *err = ret->outcome.error;
        return -err->code;
    }
    return written_judge(written, err);
}

static void tell_layers(const struct errand *errand, const struct policy *policy,
                        const struct plan *plan, const struct cgroup *cgroup,
                        struct started *started)
{
    autoclose int here = errand->tell_workspace ? open(".", O_PATH | O_CLOEXEC) : -1;
    layers_make(plan, cgroup, errand->verdict, workspace_layer(policy, here), started);
}

static int errand_steps(const struct sandbox *sandbox, const struct errand *errand,
                        struct errand_result *ret, struct error *err)
{
    *ret = (struct errand_result){ 0 };
    autopolicy struct policy *policy = NULL;
    struct identity identity = { .lock = -1 };
    struct cgroup cgroup;
    struct pipes pipes;
    struct plan plan;
    int r = policy_is_file(errand->policy)
                ? policy_ready_file(sandbox, errand->policy, &policy, err)
                : policy_ready(sandbox, errand->policy, &policy, err);
    if (r < 0)
        return r;
    r = pipes_make(&pipes, err);
    if (r == 0)
        r = identity_take(sandbox, errand->control, true, &identity, err);
    if (r == 0)
        r = errand_plan(sandbox, errand, policy, &identity, &pipes, &plan, err);
    if (r == 0) {
        r = cgroup_make(sandbox, &plan.limits, &cgroup, err);
        if (r == 0) {
            ret->started.limits = plan.limits;
            tell_layers(errand, policy, &plan, &cgroup, &ret->started);
            struct written written;
            r = written_begin(sandbox, errand, &plan.limits, &written, err);
            if (r == 0)
                r = errand_watch(errand, &plan, &cgroup, &pipes, &written, ret, err);
            written_done(&written);
            cgroup_remove(&cgroup);
        }
        plan_done(&plan);
    }
    identity_drop(&identity);
    pipes_done(&pipes);
    return r;
}

int errand_run(const struct sandbox *sandbox, const struct errand *errand,
               struct errand_result *ret, struct error *err)
{
    marks_pause();
    int r = errand_steps(sandbox, errand, ret, err);
    marks_resume("errand");
    return r;
}

void errand_result_done(struct errand_result *result)
{
    free(result->out);
    free(result->err);
    started_done(&result->started);
    *result = (struct errand_result){ 0 };
}
