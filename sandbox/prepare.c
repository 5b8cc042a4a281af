/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.c - from what a launch asks for to an interpreter and an environment. */
#include "prepare.h"

#include <errno.h>
#include <string.h>

#include <cordon/log.h>

#include "infer.h"
#include "infer_failed.h"
#include "profile_program.h"
#include "project.h"
#include "roots.h"
#include "str.h"

struct preparing {
    const struct sandbox *sandbox;
    const struct prepare_request *request;
    const struct launch *launch;
    int control;
    struct preparation *ret;
    char **allowed; /* versions of Python; NULL: any */
    char *demand;   /* who says so */
    bool closed;    /* somebody has said all that is needed: nothing is inferred */
    int beside;     /* the script's directory, where that is no workspace; or -1 */
    struct project project;
    struct inference inference;
};

bool needs_python(const struct launch *launch)
{
    return launch->what == LAUNCH_SCRIPT || list_len(launch->requirements) > 0 || launch->python;
}

/* --- what the script says itself --------------------------------------------------- */

/* Which of our interpreters `requires` admits; NULL: it is not there. */
static int read_demand(struct preparing *preparing, const char *requires, const char *whose,
                       struct error *err)
{
    if (!requires)
        return 0;
    char shown[80];
    preparing->demand =
        xasprintf("requires-python %s of %s", printable(requires, shown, sizeof(shown)), whose);
    return header_versions(preparing->sandbox, &preparing->ret->pythons, requires,
                           preparing->control, &preparing->allowed, err);
}

static int read_header(struct preparing *preparing, struct error *err)
{
    if (!preparing->launch->header)
        return 0;
    struct preparation *ret = preparing->ret;
    struct header header = { 0 };
    int r = header_read(preparing->sandbox, &ret->pythons, preparing->launch->header,
                        preparing->control, &header, err);
    if (r < 0)
        return r;
    preparing->closed = header.lists_dependencies;
    for (size_t i = 0; header.dependencies && header.dependencies[i]; i++)
        list_add(&ret->requirements, header.dependencies[i]);
    r = read_demand(preparing, header.requires_python, "the script's header", err);
    header_done(&header);
    return r;
}

/* --- what the project says ------------------------------------------------------------ */

static int read_project(struct preparing *preparing, struct error *err)
{
    const struct prepare_request *request = preparing->request;
    struct preparation *ret = preparing->ret;
    struct project *project = &preparing->project;
    int directory = request->workspace_fd >= 0 ? request->workspace_fd : preparing->beside;
    if (!preparing->launch->project || preparing->launch->header || directory < 0)
        return 0;
    int r = project_read(preparing->sandbox, &ret->pythons, directory, preparing->control, project,
                         err);
    if (r < 0)
        return fail_within(err, "the directory's project");
    if (!project->keys.is_project)
        return 0;
    ret->project = request->workspace != NULL;
    preparing->closed = project->locked || project->keys.lists_dependencies;
    char *const *named = project->pins ? project->pins : project->keys.dependencies;
    for (size_t i = 0; named && named[i]; i++)
        list_add(&ret->requirements, named[i]);
    return read_demand(preparing, project->keys.requires_python, "the directory's pyproject.toml",
                       err);
}

/* --- what it imports ------------------------------------------------------------------ */

/* The script's directory beneath the workspace, the caller's; NULL: it lies elsewhere. */
static char *beside_script(const struct prepare_request *request)
{
    const char *script = request->launch->script_path;
    if (!script || !request->workspace || !path_within(script, request->workspace))
        return NULL;
    const char *below = script + strlen(request->workspace);
    below += strspn(below, "/");
    const char *slash = strrchr(below, '/');
    return slash ? xstrndup(below, (size_t)(slash - below)) : NULL;
}

/* Of a script that alone is shown: its neighbours are not there to be imported, and
 * what is called like one of them is not what the script means. */
static int open_beside(const struct preparing *preparing)
{
    const char *script = preparing->launch->script_path;
    const char *slash = script ? strrchr(script, '/') : NULL;
    if (!slash || preparing->request->workspace)
        return -1;
    autofree char *directory = xstrndup(script, slash > script ? (size_t)(slash - script) : 1);
    autofree char *canonical = NULL;
    struct error ignored = { 0 };
    int fd = roots_directory(preparing->sandbox, preparing->request->launch->owner, directory,
                             &canonical, &ignored);
    return fd < 0 ? -1 : fd;
}

static void infer_requirements(struct preparing *preparing)
{
    const struct prepare_request *request = preparing->request;
    if (!preparing->launch->imports)
        return;
    autofree char *beside = beside_script(request);
    const struct infer_question question = {
        .imports = preparing->launch->imports,
        .python = preparing->ret->python,
        .workspace = preparing->beside >= 0 ? preparing->beside : request->workspace_fd,
        .beside = beside,
        .asked = preparing->ret->requirements,
        .install = request->policy->infer_known && !preparing->closed
    };
    infer(&question, &preparing->inference);
}

/* --- the environment -------------------------------------------------------------------- */

static int ensure(struct preparing *preparing, char *const *requirements, bool offline,
                  struct error *err)
{
    const struct launch *launch = preparing->launch;
    const struct prepare_request *request = preparing->request;
    if (list_len(requirements) == 0)
        return 0;
    if (!launch->use_uv)
        return fail_caller(
            err, EINVAL,
            "requirements need uv: leave --no-uv (use_uv: false) out, or ask for none");
    struct env_request wanted = { .owner = launch->owner,
                                  .python = preparing->ret->python,
                                  .requirements = requirements,
                                  .header =
                                      launch->header ? launch->header : preparing->project.text,
                                  .locked = preparing->project.locked,
                                  .beside = launch->requirements,
                                  .offline = offline,
                                  .refresh = launch->refresh,
                                  .builds = request->policy->builds_isolated,
                                  .control = preparing->control,
                                  .phase = request->phase,
                                  .context = request->context };
    return environment_ensure(preparing->sandbox, &wanted, &preparing->ret->environment, err);
}

static void do_without(struct preparing *preparing, const char *reason)
{
    log_event(LOG_DEBUG, "not_inferred", KV("reason", reason));
    infer_nothing(&preparing->inference, reason);
}

/* What nobody asked for must not keep a script from running: it may do without. */
static int ensure_inferred(struct preparing *preparing, struct error *err)
{
    const struct sandbox *sandbox = preparing->sandbox;
    struct preparation *ret = preparing->ret;
    autolist char **both = list_copy(ret->requirements);
    for (char **project = preparing->inference.projects; *project; project++)
        list_add(&both, *project);
    bool insist = preparing->request->insist, again = preparing->launch->refresh || insist;
    autofree char *lately = again ? NULL : infer_failed_lately(sandbox, ret->python, both);
    bool offline = preparing->launch->offline || sandbox->config.uv_offline;
    struct error failure = { 0 };
    int r = ensure(preparing, both, offline || lately, &failure);
    if (r == 0) {
        list_free(ret->requirements);
        ret->requirements = TAKE(&both);
        return 0;
    }
    if (r == -ECANCELED || insist) {
        *err = failure;
        return r;
    }
    if (!offline && !lately)
        infer_failed(sandbox, ret->python, both, failure.text);
    do_without(preparing, lately ? lately : failure.text);
    return ensure(preparing, ret->requirements, offline, err);
}

static int find_environment(struct preparing *preparing, struct error *err)
{
    if (preparing->inference.projects)
        return ensure_inferred(preparing, err);
    bool offline = preparing->launch->offline || preparing->sandbox->config.uv_offline;
    return ensure(preparing, preparing->ret->requirements, offline, err);
}

/* --- the profiler ------------------------------------------------------------------------- */

/* An environment of its own: the script's stays what the script asked for. */
static int find_profiler(struct preparing *preparing, struct error *err)
{
    static char requirement[] = PROFILE_REQUIREMENT;
    static char *const requirements[] = { requirement, NULL };
    const struct launch *launch = preparing->launch;
    if (launch->fds[FD_PROFILE] < 0)
        return 0;
    if (launch->what == LAUNCH_COMMAND)
        return fail_caller(err, EINVAL, "there is a profile of Python scripts alone");
    const struct env_request wanted = { .owner = launch->owner,
                                        .python = preparing->ret->python,
                                        .requirements = requirements,
                                        .offline = launch->offline ||
                                                   preparing->sandbox->config.uv_offline,
                                        .control = preparing->control,
                                        .phase = preparing->request->phase,
                                        .context = preparing->request->context };
    int r = environment_ensure(preparing->sandbox, &wanted, &preparing->ret->profiler, err);
    return r < 0 ? fail_within(err, "the profiler (" PROFILE_REQUIREMENT ")") : 0;
}

/* --- all of it ---------------------------------------------------------------------------- */

static int steps(struct preparing *preparing, struct error *err)
{
    const struct launch *launch = preparing->launch;
    struct preparation *ret = preparing->ret;
    int r = pythons_find(preparing->sandbox, preparing->control, &ret->pythons, err);
    if (r == 0)
        r = read_header(preparing, err);
    if (r == 0)
        r = read_project(preparing, err);
    if (r == 0)
        r = python_choose(preparing->sandbox, &ret->pythons,
                          &(struct python_asked){ launch->wish, launch->python, preparing->allowed,
                                                  preparing->demand },
                          preparing->control, &ret->python, err);
    if (r < 0)
        return r;
    infer_requirements(preparing);
    r = find_environment(preparing, err);
    return r < 0 ? r : find_profiler(preparing, err);
}

int prepare(const struct sandbox *sandbox, const struct prepare_request *request,
            struct preparation *ret, struct error *err)
{
    *ret = (struct preparation){ .requirements = list_copy(request->launch->requirements) };
    if (!needs_python(request->launch))
        return 0;
    struct preparing preparing = { .sandbox = sandbox,
                                   .request = request,
                                   .launch = request->launch,
                                   .control = request->launch->fds[FD_CONTROL],
                                   .ret = ret };
    autoclose int beside = preparing.beside = open_beside(&preparing);
    int r = steps(&preparing, err);
    project_done(&preparing.project);
    ret->hints = TAKE(&preparing.inference.hints);
    inference_done(&preparing.inference);
    list_free(preparing.allowed);
    free(preparing.demand);
    return r;
}

void preparation_done(struct preparation *preparation)
{
    environment_done(&preparation->environment);
    environment_done(&preparation->profiler);
    pythons_done(&preparation->pythons);
    list_free(preparation->requirements);
    list_free(preparation->hints);
    *preparation = (struct preparation){ 0 };
}
