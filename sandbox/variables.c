/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c - the environment of a payload. */
#include "variables.h"

#include <errno.h>
#include <string.h>

#include "egress.h"
#include "plan.h"
#include "profile_program.h"
#include "str.h"

/* Ours to set: a request cannot. */
#define RESERVED "CORDON_"

static const char *const always[][2] = {
    { "PATH", "/usr/local/bin:/usr/bin:/bin" },
    { "HOME", SCRATCH_HOME },
    { "LANG", "C.UTF-8" },
    { "PYTHONUNBUFFERED", "1" }, /* or what was printed before a kill is lost on a pipe */
    { "USER", "user" },
    { "LOGNAME", "user" },
    { "TMPDIR", "/tmp" },
};

void variables_set(char ***list, const char *name, const char *value)
{
    char *text = xasprintf("%s=%s", name, value);
    size_t len = strlen(name) + 1;
    for (size_t i = 0; *list && (*list)[i]; i++) {
        if (strncmp((*list)[i], text, len) != 0)
            continue;
        free((*list)[i]);
        (*list)[i] = text;
        return;
    }
    list_add_owned(list, text);
}

static void set_assignment(char ***list, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    autofree char *name = xstrndup(assignment, (size_t)(equals - assignment));
    variables_set(list, name, equals + 1);
}

static bool name_is_valid(const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment || (*assignment >= '0' && *assignment <= '9'))
        return false;
    for (const char *c = assignment; c < equals; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *c))
            return false;
    return true;
}

static int accept(const struct policy *policy, const char *assignment, struct error *err)
{
    char shown[64];
    size_t len = strcspn(assignment, "=");
    autofree char *name = xstrndup(assignment, len);
    if (!name_is_valid(assignment))
        return fail_caller(err, EINVAL, "\"%s\" is not the name of an environment variable",
                           printable(name, shown, sizeof(shown)));
    if (starts_with(name, RESERVED))
        return fail_policy(err, EPERM,
                           "environment variable %s: names that begin with " RESERVED
                           " are cordon's own",
                           name);
    if (egress_variable(name))
        return fail_policy(err, EPERM,
                           "environment variable %s: one of the names cordon sets for its proxy",
                           name);
    if (!list_has(policy->env_accept, "*") && !list_has(policy->env_accept, name))
        return fail_policy(err, EPERM, "environment variable %s is not accepted by policy %s",
                           printable(name, shown, sizeof(shown)), policy->name);
    return 0;
}

int variables_make(const struct sandbox *sandbox, const struct policy *policy, const char *zone,
                   char *const *asked, char ***ret, struct error *err)
{
    autolist char **list = NULL;
    for (size_t i = 0; i < COUNT(always); i++)
        variables_set(&list, always[i][0], always[i][1]);
    variables_set(&list, "TZ", zone ? zone : "UTC");
    for (size_t i = 0; policy->env_set && policy->env_set[i]; i++)
        set_assignment(&list, policy->env_set[i]);
    for (size_t i = 0; policy->env_pass && policy->env_pass[i]; i++) {
        const char *value = env_get(sandbox->settings, policy->env_pass[i]);
        if (value)
            variables_set(&list, policy->env_pass[i], value);
    }
    for (size_t i = 0; asked && asked[i]; i++) {
        int r = accept(policy, asked[i], err);
        if (r < 0)
            return r;
        set_assignment(&list, asked[i]);
    }
    *ret = TAKE(&list);
    return 0;
}

void variables_python_path(char ***list, const char *directory, const char *project)
{
    const char *asked = env_get(*list, "PYTHONPATH");
    autostr struct str path = { 0 };
    if (!directory && !project)
        return;
    str_puts(&path, directory ? directory : project);
    if (project)
        str_printf(&path, ":%s/src", project);
    if (asked)
        str_printf(&path, ":%s", asked);
    variables_set(list, "PYTHONPATH", path.data);
}

void variables_profile(char ***list)
{
    const char *path = env_get(*list, "PYTHONPATH");
    autofree char *with = path ? xasprintf(PROFILE_START ":%s", path) : xstrdup(PROFILE_START);
    autofree char *number = xasprintf("%d", PROFILE_FD);
    variables_set(list, "PYTHONPATH", with);
    variables_set(list, "CORDON_PROFILE", number);
}
