/* SPDX-License-Identifier: Apache-2.0 */
/* uv.c - the uv program: found once, never a shim, shown to boxes. */
#include "uv.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "helper.h"
#include "interpreter.h"
#include "memo.h"
#include "self.h"
#include "str.h"

#define MEMORY     "uv"
#define VERSION_MS 20000
/* `--default-index` and named indexes came with it; what is older is years old. */
#define OLDEST_MINOR    5
#define VERSION_LEN_MAX 31

/* Where uv lies beside PATH: pip in a version manager puts a shim there. */
static const struct place {
    const char *variable, *beneath_home, *pattern;
} places[] = {
    { "PYENV_ROOT", ".pyenv", "versions/*/bin/uv" },
    { "ASDF_DATA_DIR", ".asdf", "installs/*/*/bin/uv" },
    { "MISE_DATA_DIR", ".local/share/mise", "installs/*/*/uv" },
    { "UV_INSTALL_DIR", ".local/bin", "uv" },
    { "CARGO_HOME", ".cargo", "bin/uv" },
    { NULL, NULL, "/usr/local/bin/uv" },
    { NULL, NULL, "/usr/bin/uv" },
};

static bool try_program(const char *path, char **ret)
{
    struct error ignored = { 0 };
    return program_real(path, ret, &ignored) == 0;
}

/* Some version managers' shims are links to the manager itself: the name tells. */
static bool try_found(const char *path, char **ret)
{
    autofree char *real = NULL;
    if (!try_program(path, &real) || !ends_with(real, "/uv"))
        return false;
    *ret = TAKE(&real);
    return true;
}

/* The last match: the newest version where versions are in the path. */
static bool try_pattern(const char *pattern, char **ret)
{
    glob_t found = { 0 };
    bool good = false;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = found.gl_pathc; i > 0 && !good; i--)
            good = try_found(found.gl_pathv[i - 1], ret);
    globfree(&found);
    return good;
}

static bool search_path(const struct sandbox *sandbox, char **ret)
{
    const char *path = env_get(sandbox->settings, "PATH");
    autofree char *copy = xstrdup(path ? path : "");
    char *rest = copy;
    bool found = false;
    for (char *dir; !found && (dir = strsep(&rest, ":"));) {
        if (*dir != '/')
            continue;
        autofree char *candidate = path_join(dir, "uv");
        found = try_found(candidate, ret);
    }
    return found;
}

static bool search_places(const struct sandbox *sandbox, char **ret)
{
    bool found = false;
    for (size_t i = 0; i < COUNT(places) && !found; i++) {
        const struct place *place = &places[i];
        autofree char *root =
            place->beneath_home ? operator_directory(sandbox, place->variable, place->beneath_home)
                                : xstrdup("/");
        if (!root)
            continue;
        autofree char *pattern = path_join(root, place->pattern + (*place->pattern == '/'));
        found = try_pattern(pattern, ret);
    }
    return found;
}

/* What was installed with us, as by `pip install 'cordon-mcp[uv]'`: a client that starts our
 * program by its path has no such directory on its PATH. */
static bool search_beside(char **ret)
{
    static const char *const from_us[] = { "/uv", "/../../bin/uv" }; /* bin/, libexec/cordon/ */
    autofree char *self = NULL;
    struct error ignored = { 0 };
    if (self_find(&self, &ignored) < 0)
        return false;
    int len = (int)(strrchr(self, '/') - self);
    bool found = false;
    for (size_t i = 0; i < COUNT(from_us) && !found; i++) {
        autofree char *candidate = xasprintf("%.*s%s", len, self, from_us[i]);
        found = try_found(candidate, ret);
    }
    return found;
}

static bool search_host(const struct sandbox *sandbox, char **ret)
{
    return search_path(sandbox, ret) || search_beside(ret) || search_places(sandbox, ret);
}

/* What the operator names may be a wrapper script; what is merely found may not. */
static int named_program(const char *path, const char *by, char **ret, struct error *err)
{
    autofree char *real = *path == '/' ? realpath(path, NULL) : NULL;
    struct stat st;
    if (!real || stat(real, &st) < 0 || !S_ISREG(st.st_mode) || access(real, X_OK) < 0)
        return fail_host_as(err, ENOENT, "uv: %s names %s, which is not a program by absolute path",
                            by, path);
    *ret = TAKE(&real);
    return 0;
}

static int locate_configured(const struct sandbox *sandbox, char **ret, struct error *err)
{
    return named_program(sandbox->config.uv_path, "configuration uv.path", ret, err);
}

int uv_check(const struct sandbox *sandbox, struct error *err)
{
    autofree char *ignored = NULL;
    return sandbox->config.uv_path ? locate_configured(sandbox, &ignored, err) : 0;
}

static int locate(const struct sandbox *sandbox, char **ret, struct error *err)
{
    if (sandbox->config.uv_path)
        return locate_configured(sandbox, ret, err);
    const char *named = env_get(sandbox->settings, "CORDON_UV");
    if (named && *named)
        return named_program(named, "CORDON_UV", ret, err);
    if (search_host(sandbox, ret))
        return 0;
    return fail_host_as(err, ENOENT,
                        "uv is not found on this host: install it (pipx install uv) or name it "
                        "with CORDON_UV or configuration uv.path");
}

static void show(struct uv_program *program, char *host, const char *inside)
{
    size_t i = program->mount_count++;
    program->owned[i] = host;
    program->mounts[i] = (struct errand_mount){ .host = host, .inside = inside };
}

void uv_program_make(const struct sandbox *sandbox, const char *path, struct uv_program *ret)
{
    *ret = (struct uv_program){ 0 };
    char *real = NULL;
    if (try_program(path, &real)) {
        ret->inside = xstrdup(UV_INSIDE "/bin/uv");
        show(ret, real, UV_INSIDE "/bin/uv");
        return;
    }
    ret->inside = xstrdup(path);
    struct error ignored = { 0 };
    autolist char **homes = homes_list(sandbox);
    char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    if (path_within(directory, "/usr")) {
        free(directory);
    } else if (prefix_check(directory, homes, &ignored) == 0) {
        show(ret, directory, NULL);
    } else {
        free(directory);
        show(ret, xstrdup(path), NULL);
    }
    if (search_host(sandbox, &real) && !path_within(real, "/usr"))
        show(ret, TAKE(&real), NULL);
    free(real);
}

void uv_program_done(struct uv_program *program)
{
    free(program->inside);
    for (size_t i = 0; i < COUNT(program->owned); i++)
        free(program->owned[i]);
    *program = (struct uv_program){ 0 };
}

/* "uv 0.5.1 (abc 2024-11-08)" -> "0.5.1". */
static int version_parse(const char *text, char **ret, struct error *err)
{
    static const char of_version[] = "0123456789abcdefghijklmnopqrstuvwxyz.+-";
    const char *at = starts_with(text, "uv ") ? text + strlen("uv ") : "";
    size_t len = strspn(at, of_version);
    char *dot = NULL;
    unsigned long major = strtoul(at, &dot, 10);
    if (len == 0 || len > VERSION_LEN_MAX || dot == at || *dot != '.')
        return fail_host_as(err, EBADMSG, "it does not say its version");
    autofree char *version = xstrndup(at, len);
    if (major == 0 && strtoul(dot + 1, NULL, 10) < OLDEST_MINOR)
        return fail_host_as(err, EBADMSG, "uv %s is too old: 0.%d or newer is needed", version,
                            OLDEST_MINOR);
    *ret = TAKE(&version);
    return 0;
}

static int ask_version(const struct sandbox *sandbox, const char *path, int control, char **ret,
                       struct error *err)
{
    struct uv_program program;
    uv_program_make(sandbox, path, &program);
    autolist char **argv = NULL;
    list_add(&argv, program.inside);
    list_add(&argv, "--version");
    autolist char **env = NULL;
    list_add(&env, "PATH=/usr/bin");
    list_add(&env, "HOME=/box/home");
    struct errand errand = { .policy = "strict",
                             .argv = argv,
                             .env = env,
                             .mounts = program.mounts,
                             .mount_count = program.mount_count,
                             .wall_ms = VERSION_MS,
                             .control = control };
    struct errand_result result = { 0 };
    int r = errand_run(sandbox, &errand, &result, err);
    if (r == 0)
        r = helper_fault(&result.outcome, "ask its version", err);
    if (r == 0)
        r = version_parse(result.out, ret, err);
    errand_result_done(&result);
    uv_program_done(&program);
    return r < 0 ? fail_within(err, "uv at %s", path) : 0;
}

int uv_find(const struct sandbox *sandbox, int control, char **path, char **version,
            struct error *err)
{
    autofree char *found = NULL;
    int r = locate(sandbox, &found, err);
    if (r < 0)
        return r;
    autofree char *stamp = file_stamp(found);
    if (!stamp)
        return fail_host(err, "look at %s", found);

    automemo struct memo memo = { 0 };
    memo_load(sandbox, MEMORY, &memo);
    const char *known = memo_get(&memo, stamp);
    autofree char *said = known ? xstrdup(known) : NULL;
    if (!said) {
        r = ask_version(sandbox, found, control, &said, err);
        if (r < 0)
            return r;
        automemo struct memo fresh = { 0 };
        memo_put(&fresh, stamp, said);
        memo_keep(sandbox, MEMORY, &fresh);
    }
    *path = TAKE(&found);
    *version = TAKE(&said);
    return 0;
}
