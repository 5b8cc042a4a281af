/* SPDX-License-Identifier: Apache-2.0 */
/* env_uv.c - one call of uv, in a box of its own. */
#include "env_uv.h"

#include <errno.h>
#include <string.h>

#include "egress.h"
#include "helper.h"
#include "policy.h"
#include "str.h"
#include "uv_network.h"

static const char cache_variable[] = "UV_CACHE_DIR=" UV_CACHE_INSIDE;

/* Where uv puts things and what it may do is said here; the rest is the operator's. */
static const char *const uv_environment[] = {
    "PATH=/usr/bin",
    "HOME=/box/home",
    "LANG=C.UTF-8",
    "NO_COLOR=1",
    "UV_NO_PROGRESS=1",
    "UV_LINK_MODE=copy", /* a hard link into the cache would let later installs edit it */
    "UV_PYTHON_DOWNLOADS=never",
    "UV_NO_SOURCES=1", /* where a package would have uv look instead of the index */
    cache_variable,
};

char **uv_wanted(const struct env_request *request)
{
    char *const *named = request->locked ? request->beside : request->requirements;
    char **words = NULL;
    if (request->locked) {
        list_add(&words, "--requirements");
        list_add(&words, LOCKED_INSIDE);
    }
    if (request->locked && !named)
        list_add(&words, "--no-deps"); /* it is complete */
    if (named)
        list_add(&words, "--");
    for (; named && *named; named++)
        list_add(&words, *named);
    return words;
}

char *uv_python(const struct env_making *making)
{
    return xasprintf(ENVIRONMENT_INSIDE "/bin/python3.%d", making->request->python->minor);
}

/* --- what the box sees ------------------------------------------------------------------ */

struct mount_list {
    struct errand_mount *list;
    size_t count;
};

static void show(struct mount_list *mounts, struct errand_mount mount)
{
    mounts->list = xrealloc(mounts->list, (mounts->count + 1) * sizeof(*mounts->list));
    mounts->list[mounts->count++] = mount;
}

/* Without the right to execute it where a stranger's build must not begin. */
static void show_interpreter(const struct uv_call *call, struct mount_list *mounts)
{
    const struct python *python = call->making->request->python;
    bool idle = call->power == UV_FETCHES;
    if (!path_within(python->prefix, "/usr")) /* every policy shows /usr */
        show(mounts, (struct errand_mount){ .host = python->prefix, .no_execution = idle });
    else if (idle)
        show(mounts, (struct errand_mount){ .host = python->path, .no_execution = true });
}

static bool has_network(const struct uv_call *call)
{
    return call->power == UV_INSTALLS || call->power == UV_FETCHES;
}

static char **variables(const struct uv_call *call)
{
    const struct uv_settings *settings = call->making->settings;
    char **env = NULL;
    for (size_t i = 0; i < COUNT(uv_environment); i++)
        list_add(&env, uv_environment[i]);
    for (size_t i = 0; has_network(call) && settings->env && settings->env[i]; i++)
        list_add(&env, settings->env[i]);
    for (size_t i = 0; call->variables && call->variables[i]; i++)
        list_add(&env, call->variables[i]);
    if (has_network(call))
        egress_variables(&env, false);
    else
        list_add(&env, "UV_OFFLINE=1");
    return env;
}

static char **arguments(const struct uv_call *call, const char *program)
{
    char **argv = NULL;
    for (size_t i = 0; call->before && call->before[i]; i++)
        list_add(&argv, call->before[i]);
    list_add(&argv, program);
    for (size_t i = 0; call->words[i]; i++)
        list_add(&argv, call->words[i]);
    for (size_t i = 0; call->more && call->more[i]; i++)
        list_add(&argv, call->more[i]);
    return argv;
}

/* --- the call ----------------------------------------------------------------------------- */

static int find_way_out(const struct sandbox *sandbox, const struct uv_call *call,
                        struct egress_order *ret, struct error *err)
{
    autopolicy struct policy *policy = NULL;
    int r = policy_load(sandbox, UV_POLICY, &policy, err);
    return r < 0 ? r : uv_order_make(sandbox, policy, call->making->settings, ret, err);
}

static int run(const struct sandbox *sandbox, const struct uv_call *call,
               const struct mount_list *mounts, const char *program, struct errand_result *ret,
               struct error *err)
{
    autolist char **argv = arguments(call, program);
    autolist char **env = variables(call);
    struct egress_order order = { 0 };
    bool network = has_network(call);
    int r = network ? find_way_out(sandbox, call, &order, err) : 0;
    if (r == 0) {
        autofree char *top = making_top(call->making);
        struct errand errand = { .policy = UV_POLICY,
                                 .argv = argv,
                                 .env = env,
                                 .mounts = mounts->list,
                                 .mount_count = mounts->count,
                                 .making = top,
                                 .egress = network ? &order : NULL,
                                 .control = call->making->request->control };
        r = errand_run(sandbox, &errand, ret, err);
        if (r < 0)
            r = fail_within(err, "run uv");
    }
    egress_order_done(&order);
    return r;
}

int uv_call(const struct sandbox *sandbox, const struct uv_call *call, struct errand_result *ret,
            struct error *err)
{
    const struct env_making *making = call->making;
    struct uv_program program;
    struct mount_list mounts = { 0 };
    uv_program_make(sandbox, making->uv, &program);
    for (size_t i = 0; i < call->mount_count; i++)
        show(&mounts, call->mounts[i]);
    show_interpreter(call, &mounts);
    for (size_t i = 0; i < program.mount_count; i++)
        show(&mounts, program.mounts[i]);
    for (size_t i = 0; has_network(call) && i < making->settings->mount_count; i++)
        show(&mounts, making->settings->mounts[i]);
    *ret = (struct errand_result){ 0 };
    int r = run(sandbox, call, &mounts, program.inside, ret, err);
    free(mounts.list);
    uv_program_done(&program);
    return r;
}

/* --- the verdict ---------------------------------------------------------------------------- */

/* Where the index leads, and nobody has said that it may. */
static int say_denied(const struct outcome *outcome, struct error *err)
{
    for (unsigned i = 0; i < outcome->denied_count; i++)
        if (outcome->denied[i].what == DENIED_HOST)
            return fail_host_as(err, EACCES,
                                "the package index leads to %s, which policy " UV_POLICY
                                " does not let out: add it to \"hosts\" in that policy's "
                                "\"network\"",
                                outcome->denied[i].name);
    return 0;
}

int uv_judge(const struct env_making *making, const struct errand_result *result, struct error *err)
{
    const struct outcome *outcome = &result->outcome;
    if (outcome->end == END_EXITED && outcome->code == 0)
        return 0;
    int r = say_denied(outcome, err);
    if (r < 0)
        return r;
    if (outcome->end == END_EXITED)
        return uv_reason(making->settings, result->err, err);
    r = helper_fault(outcome, "run uv", err);
    return r < 0 ? r
                 : fail_host_as(err, EIO, "uv was stopped (%s) before the environment was made",
                                end_name(outcome->end));
}
