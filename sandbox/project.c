/* SPDX-License-Identifier: Apache-2.0 */
/* project.c - what the project in a directory asks for. */
#include "project.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "fd.h"
#include "helper.h"
#include "kernel.h"
#include "requirement.h"
#include "str.h"
#include "uv.h"

#define EXPORT_MS   20000
#define MEMORY_KIND "export"

/* --- the files ------------------------------------------------------------------------ */

/* *ret stays NULL where there is none. */
static int read_beneath(int directory, const char *name, size_t max, char **ret, struct error *err)
{
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    autoclose int fd = kernel_openat2(directory, name, &how);
    struct stat st;
    if (fd < 0 && (errno == ENOENT || errno == EXDEV || errno == ENOTDIR))
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_caller(err, errno, "%s: %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return 0;
    autofree char *text = NULL;
    size_t len = 0;
    int r = fd_read_all(fd, max, &text, &len, err);
    if (r == -EFBIG)
        return fail_caller(err, EFBIG, "%s has more than %zu bytes", name, max);
    if (r < 0)
        return fail_within(err, "%s", name);
    if (strlen(text) != len)
        return fail_caller(err, EINVAL, "%s has a NUL byte in it", name);
    *ret = TAKE(&text);
    return 0;
}

/* --- the lock ---------------------------------------------------------------------------- */

/* Both files come over standard input; the first has so many bytes. */
static const char export_lock[] =
    "mkdir project && cd project && head -c \"$1\" >pyproject.toml && cat >uv.lock && shift && "
    "exec \"$@\"";

static int export_judge(const struct errand_result *result, struct error *err)
{
    const struct outcome *outcome = &result->outcome;
    if (outcome->end == END_EXITED && outcome->code == 0 && result->out_len < ERRAND_OUTPUT_MAX)
        return 0;
    int r = helper_fault(outcome, "read uv.lock", err);
    if (r < 0)
        return r;
    if (outcome->end == END_EXITED && outcome->code == 0)
        return fail_caller(err, EFBIG, "uv.lock: more than 1 MB of requirements");
    if (outcome->end != END_EXITED)
        return fail_host_as(err, EIO, "read uv.lock: uv was stopped (%s)", end_name(outcome->end));
    struct uv_settings none = { 0 };
    r = uv_reason(&none, result->err, err);
    err->blame = BLAME_CALLER;
    return r < 0 ? fail_within(err, "uv.lock") : 0;
}

/* Locks are read by who made their format: uv. Nothing of it can reach a network or run. */
static int read_lock(const struct sandbox *sandbox, const char *toml, const char *lock, int control,
                     char **ret, struct error *err)
{
    autofree char *uv = NULL;
    autofree char *version = NULL;
    int r = uv_find(sandbox, control, &uv, &version, err);
    if (r < 0)
        return r;
    struct uv_program program;
    uv_program_make(sandbox, uv, &program);
    autofree char *length = xasprintf("%zu", strlen(toml));
    const char *const argv[] = { "/bin/sh",
                                 "-c",
                                 export_lock,
                                 "sh",
                                 length,
                                 program.inside,
                                 "export",
                                 "--quiet",
                                 "--frozen",
                                 "--no-config",
                                 "--no-emit-project",
                                 "--no-default-groups",
                                 "--no-header",
                                 "--no-annotate",
                                 "--format",
                                 "requirements-txt",
                                 NULL };
    static const char *const env[] = { "PATH=/usr/bin:/bin",
                                       "HOME=/box/home",
                                       "LANG=C.UTF-8",
                                       "NO_COLOR=1",
                                       "UV_OFFLINE=1",
                                       "UV_NO_CACHE=1",
                                       "UV_PYTHON_DOWNLOADS=never",
                                       NULL };
    autofree char *input = xasprintf("%s%s", toml, lock);
    struct errand errand = { .policy = "fetch",
                             .argv = (char *const *)(uintptr_t)argv,
                             .env = (char *const *)(uintptr_t)env,
                             .mounts = program.mounts,
                             .mount_count = program.mount_count,
                             .input = input,
                             .input_len = strlen(input),
                             .wall_ms = EXPORT_MS,
                             .control = control };
    struct errand_result result = { 0 };
    r = errand_run(sandbox, &errand, &result, err);
    r = r < 0 ? fail_within(err, "read uv.lock") : export_judge(&result, err);
    if (r == 0)
        *ret = TAKE(&result.out);
    errand_result_done(&result);
    uv_program_done(&program);
    return r;
}

int project_pins(const char *locked, char ***ret, struct error *err)
{
    autolist char **pins = NULL;
    for (const char *at = locked; *at;) {
        size_t len = strcspn(at, "\n");
        const char *line = at;
        at += len + (at[len] == '\n');
        if (len == 0 || *line == '#' || starts_with(line, "    --hash="))
            continue;
        while (len > 0 && (line[len - 1] == '\\' || line[len - 1] == ' '))
            len--;
        autofree char *pin = xstrndup(line, len);
        int r = requirement_admit(pin, err);
        if (r < 0)
            return fail_within(err, "uv.lock");
        list_add(&pins, pin);
    }
    int r = requirements_admit(pins, err);
    if (r < 0)
        return fail_within(err, "uv.lock");
    *ret = pins ? TAKE(&pins) : xcalloc(1, sizeof(char *));
    return 0;
}

/* Names stand in it normalised, in one way. */
static bool lock_names(const char *lock, const char *requirement)
{
    autostr struct str line = { 0 };
    str_puts(&line, "name = \"");
    for (const char *at = requirement; isalnum((unsigned char)*at) || (*at && strchr("-_.", *at));
         at++) {
        bool joins = strchr("-_.", *at) != NULL;
        if (!joins || !ends_with(line.data, "-"))
            str_putc(&line, joins ? '-' : (char)tolower((unsigned char)*at));
    }
    str_putc(&line, '"');
    return strstr(lock, line.data) != NULL;
}

/* What was added to the project since would only be missed by the script. One with a marker may
 * be for other machines, and left out. */
static int check_lock(const char *lock, char *const *dependencies, struct error *err)
{
    for (; dependencies && *dependencies; dependencies++)
        if (!strchr(*dependencies, ';') && !lock_names(lock, *dependencies)) {
            char shown[100];
            return fail_caller(err, ESTALE,
                               "uv.lock: it does not have \"%s\", which pyproject.toml asks for: "
                               "run `uv lock` in the directory",
                               printable(*dependencies, shown, sizeof(shown)));
        }
    return 0;
}

/* --- all of it ---------------------------------------------------------------------------- */

struct reading {
    const struct sandbox *sandbox;
    struct pythons *pythons;
    int directory, control;
};

static int take_lock(const struct reading *reading, const char *toml, const char *lock,
                     struct project *ret, struct error *err)
{
    if (!header_recall_text(reading->sandbox, MEMORY_KIND, ret->text, &ret->locked)) {
        int r = read_lock(reading->sandbox, toml, lock, reading->control, &ret->locked, err);
        if (r < 0)
            return r;
        header_keep_text(reading->sandbox, MEMORY_KIND, ret->text, ret->locked);
    }
    return project_pins(ret->locked, &ret->pins, err);
}

static int read_toml(const struct reading *reading, const char *toml, struct project *ret,
                     struct error *err)
{
    autofree char *lock = NULL;
    int r = read_beneath(reading->directory, "uv.lock", LOCK_BYTES_MAX, &lock, err);
    if (r == 0)
        r = header_read_project(reading->sandbox, reading->pythons, toml, lock != NULL,
                                reading->control, &ret->keys, err);
    if (r < 0 || !ret->keys.is_project)
        return r;
    ret->text = xasprintf("project %zu\n%s%s%s", strlen(toml), toml, lock ? "lock\n" : "",
                          lock ? lock : "");
    if (!lock)
        return 0;
    r = take_lock(reading, toml, lock, ret, err);
    return r == 0 ? check_lock(lock, ret->keys.dependencies, err) : r;
}

int project_read(const struct sandbox *sandbox, struct pythons *pythons, int directory, int control,
                 struct project *ret, struct error *err)
{
    const struct reading reading = { sandbox, pythons, directory, control };
    autofree char *toml = NULL;
    *ret = (struct project){ 0 };
    int r = read_beneath(directory, "pyproject.toml", PROJECT_BYTES_MAX, &toml, err);
    if (r == 0 && toml)
        r = read_toml(&reading, toml, ret, err);
    if (r < 0)
        project_done(ret);
    return r;
}

void project_done(struct project *project)
{
    header_done(&project->keys);
    list_free(project->pins);
    free(project->locked);
    free(project->text);
    *project = (struct project){ 0 };
}
