/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - a request becomes an order. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <cordon/spec.h>

#include "fd.h"
#include "script/check.h"
#include "script/imports.h"
#include "script/pep723.h"
#include "str.h"

#define POLICY_DEFAULT "default"

/* Far more than a frame holds; names are compared one by one. */
#define VARIABLES_MAX 2048

/* Of several entries with one name only the last stays, in the first one's place. */
static char **last_win(char *const *variables)
{
    char **kept = NULL;
    size_t count = 0;
    for (; variables && *variables; variables++) {
        size_t name = strcspn(*variables, "=") + 1, i = 0;
        while (i < count && strncmp(kept[i], *variables, name) != 0)
            i++;
        if (i < count) {
            free(kept[i]);
            kept[i] = xstrdup(*variables);
            continue;
        }
        list_add(&kept, *variables);
        count++;
    }
    return kept;
}

static int spec_check(const struct spec *spec, struct error *err)
{
    int r;
    if (spec->policy && (r = policy_name_check(spec->policy, err)) < 0)
        return r;
    if (!spec->code && list_len(spec->arguments) == 0)
        return fail_caller(err, EINVAL, "neither a script nor a command is given");
    if (!spec->use_uv && list_len(spec->requirements) > 0)
        return fail_caller(err, EINVAL, "requirements need uv, and the request says to do without");
    for (char **text = spec->requirements; text && *text; text++)
        if ((r = requirement_check(*text, err)) < 0)
            return r;
    if (list_len(spec->variables) > VARIABLES_MAX)
        return fail_caller(err, E2BIG, "more than %d environment variables", VARIABLES_MAX);
    for (char **pair = spec->variables; pair && *pair; pair++)
        if ((r = variable_check(*pair, err)) < 0)
            return r;
    return spec->code ? code_size_check(spec->code_len, err) : 0;
}

/* The parts of a launch that a script has and a command has not. */
static int take_script(struct spec *spec, struct launch *launch, struct error *err)
{
    int r = spec->use_uv ? pep723_find(spec->code, spec->code_len, &launch->header, err) : 0;
    if (r < 0)
        return r;
    if (spec->use_uv && spec->infer)
        launch->imports = imports_find(spec->code, spec->code_len);
    /* In the workspace it runs from the file itself; anywhere else its bytes travel. */
    if (!spec->in_place) {
        r = memfd_sealed("script", spec->code, spec->code_len, err);
        if (r < 0)
            return r;
        launch->fds[FD_SCRIPT] = r;
    }
    launch->script_path = TAKE(&spec->script_path);
    return 0;
}

int launch_from_spec(struct spec *spec, struct launch *ret, struct error *err)
{
    struct launch launch;
    launch_init(&launch);
    int r = spec_check(spec, err);
    if (r == 0)
        r = job_id_make(launch.job, err);
    if (r == 0 && spec->code)
        r = take_script(spec, &launch, err);
    if (r < 0) {
        launch_done(&launch);
        return r;
    }
    launch.what = spec->code ? LAUNCH_SCRIPT : LAUNCH_COMMAND;
    (void)snprintf(launch.policy, sizeof(launch.policy), "%s",
                   spec->policy ? spec->policy : POLICY_DEFAULT);
    (void)snprintf(launch.owner, sizeof(launch.owner), OWNER_LOCAL);
    launch.policy_file = TAKE(&spec->policy_file);
    launch.workspace = TAKE(&spec->workspace);
    launch.wish = spec->wish;
    launch.python = TAKE(&spec->python);
    launch.use_uv = spec->use_uv;
    launch.offline = spec->offline;
    launch.refresh = spec->refresh;
    launch.requirements = TAKE(&spec->requirements);
    launch.project = spec->project && spec->use_uv && !launch.header;
    launch.argv = TAKE(&spec->arguments);
    launch.env = last_win(spec->variables);
    launch.hosts = TAKE(&spec->hosts);
    launch.extra = TAKE(&spec->extra);
    launch.extra_count = spec->extra_count;
    spec->extra_count = 0;
    launch.asked = spec->asked;
    launch.wall_lower = spec->wall_lower;
    launch.sample_ms = spec->sample_ms;
    launch.counted = spec->sample_ms > 0;
    spec_done(spec);
    *ret = launch;
    return 0;
}

int launch_again(const struct launch *launch, struct launch *ret, struct error *err)
{
    autofree char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
    size_t len = 0;
    unsigned present = 0;
    launch_init(ret);
    int r = launch_encode(launch, frame, &len, err);
    if (r == 0)
        r = launch_decode(frame, len, ret, &present, err);
    if (r == 0)
        r = job_id_make(ret->job, err);
    if (r == 0 && launch->fds[FD_SCRIPT] >= 0) {
        ret->fds[FD_SCRIPT] = fcntl(launch->fds[FD_SCRIPT], F_DUPFD_CLOEXEC, 3);
        if (ret->fds[FD_SCRIPT] < 0)
            return fail_host(err, "dup");
    }
    return r;
}
