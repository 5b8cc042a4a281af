/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/named.h"
#include "fd.h"
#include "host.h"
#include "json_read.h"
#include "script/check.h"
#include "script/dotenv.h"
#include "script/pep723.h"
#include "str.h"

/* --- paths -------------------------------------------------------------------- */

/* The canonical form of a path that must be there. */
static int canonical(const char *option, const char *path, char **ret, struct error *err)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        char shown[200];
        return fail_caller(err, errno, "%s %s: %s", option, printable(path, shown, sizeof(shown)),
                           strerror(errno));
    }
    *ret = xstrdup(real);
    return 0;
}

static int take_directory(const struct options *options, struct spec *spec, struct error *err)
{
    if (!options->directory)
        return 0;
    autofree char *path = NULL;
    int r = canonical("--directory", options->directory, &path, err);
    if (!path)
        return r;
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return fail_caller(err, ENOTDIR, "--directory %s: Not a directory", path);
    spec->workspace = TAKE(&path);
    return 0;
}

static int take_extra(const struct options *options, struct spec *spec, struct error *err)
{
    const struct {
        const char *option;
        char *const *paths;
        bool write;
    } given[] = { { "--read", options->read, false }, { "--write", options->write, true } };
    size_t count = list_len(options->read) + list_len(options->write);
    if (count == 0)
        return 0;
    spec->extra = xcalloc(count, sizeof(*spec->extra));
    for (size_t i = 0; i < COUNT(given); i++)
        for (char *const *path = given[i].paths; path && *path; path++) {
            struct extra_mount *extra = &spec->extra[spec->extra_count];
            int r = canonical(given[i].option, *path, &extra->path, err);
            if (r < 0)
                return r;
            extra->write = given[i].write;
            spec->extra_count++;
        }
    return 0;
}

static int take_hosts(const struct options *options, struct spec *spec, struct error *err)
{
    for (size_t i = 0; i < list_len(options->allow_host); i++) {
        const char *text = options->allow_host[i];
        struct host host;
        char shown[100];
        if (!host_parse(text, strlen(text), &host))
            return fail_caller(err, EINVAL,
                               "--allow-host %s: not NAME, NAME:PORT, *.NAME, or an address "
                               "([IPv6] in brackets)",
                               printable(text, shown, sizeof(shown)));
        list_add(&spec->hosts, text);
    }
    return 0;
}

/* A name, or a file where it looks like one. */
static int take_policy(const struct options *options, struct spec *spec, struct error *err)
{
    const char *policy = options->policy;
    if (!policy)
        return 0;
    if (policy_is_file(policy))
        return canonical("--policy", policy, &spec->policy_file, err);
    int r = policy_name_check(policy, err);
    if (r < 0)
        return fail_within(err, "--policy");
    spec->policy = xstrdup(policy);
    return 0;
}

static int take_python(const struct options *options, struct spec *spec, struct error *err)
{
    if (!options->python)
        return 0;
    spec->wish = PYTHON_EXACT;
    if (strchr(options->python, '/'))
        return canonical("--python", options->python, &spec->python, err);
    int r = python_version_check(options->python, err);
    if (r < 0)
        return fail_within(err, "--python");
    spec->python = xstrdup(options->python);
    return 0;
}

/* --- variables ------------------------------------------------------------------ */

static int take_env_file(const char *path, char *const *given, struct spec *spec, struct error *err)
{
    autofree char *text = NULL;
    autolist char **pairs = NULL;
    size_t len = 0;
    autoclose int fd = named_open(path, O_RDONLY, spec->workspace);
    struct stat st;
    int problem = fd < 0 ? -fd : fstat(fd, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (problem)
        return fail_caller(err, problem, "--env-file %s: %s", path, named_problem(problem));
    int r = fd_read_all(fd, DOTENV_BYTES_MAX, &text, &len, err);
    if (r == 0)
        r = dotenv_parse(text, len, given, &pairs, err);
    if (r < 0)
        return fail_within(err, "--env-file %s", path);
    for (char **pair = pairs; pair && *pair; pair++)
        list_add(&spec->variables, *pair);
    return 0;
}

/* NAME=VALUE, or NAME: the caller's own. */
static int take_env(const char *text, struct request *request, char ***given, struct error *err)
{
    autofree char *pair = NULL;
    if (strchr(text, '=')) {
        pair = xstrdup(text);
    } else {
        const char *value = getenv(text);
        pair = xasprintf("%s=%s", text, value ? value : "");
        if (!value && variable_name_valid(text)) {
            list_add_owned(&request->remarks,
                           xasprintf("--env %s: not set here, nothing is passed", text));
            return 0;
        }
    }
    int r = variable_check(pair, err);
    if (r < 0)
        return fail_within(err, "--env");
    list_add(given, pair);
    return 0;
}

/* What is said on the command line wins; the files may refer to it. */
static int take_variables(const struct options *options, struct request *request, struct error *err)
{
    autolist char **given = NULL;
    for (char **text = options->env; text && *text; text++) {
        int r = take_env(*text, request, &given, err);
        if (r < 0)
            return r;
    }
    for (char **path = options->env_file; path && *path; path++) {
        int r = take_env_file(*path, given, &request->spec, err);
        if (r < 0)
            return r;
    }
    for (char **pair = given; pair && *pair; pair++)
        list_add(&request->spec.variables, *pair);
    return 0;
}

/* --- the script ------------------------------------------------------------------- */

static int read_code(int fd, const char *name, struct spec *spec, struct error *err)
{
    struct error why = { 0 };
    int r = fd_read_all(fd, SCRIPT_BYTES_MAX, &spec->code, &spec->code_len, &why);
    if (r == -EFBIG)
        return fail_caller(err, EFBIG, "%s: a script of more than 4 MiB", name);
    if (r < 0)
        return fail_caller(err, -r, "%s: %s", name, strerror(-r));
    return 0;
}

/* As a shell would find it, else beneath the workspace, where the script will stand.
 * A descriptor or -errno; *found is the name that was opened, the caller's. */
static int open_script(const char *name, const char *workspace, char **found)
{
    autofree char *path = xstrdup(name);
    int fd = named_open(path, O_RDONLY, workspace);
    if (fd == -ENOENT && workspace && name[0] != '/') {
        free(path);
        path = path_join(workspace, name);
        fd = named_open(path, O_RDONLY, workspace);
    }
    *found = TAKE(&path);
    return fd;
}

static int take_file(const char *name, struct request *request, bool *no_script, struct error *err)
{
    struct spec *spec = &request->spec;
    char shown[200];
    struct stat st = { 0 };
    autofree char *found = NULL;
    autoclose int fd = open_script(name, spec->workspace, &found);
    int problem = fd < 0 ? -fd : fstat(fd, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (problem) {
        *no_script = true;
        return fail_caller(err, problem, "script %s: %s", printable(name, shown, sizeof(shown)),
                           named_problem(problem));
    }
    named_keep(&st);
    int r = read_code(fd, printable(name, shown, sizeof(shown)), spec, err);
    /* A pipe (bash's <(...)) has no name that would mean anything inside. */
    if (r < 0 || !S_ISREG(st.st_mode))
        return r;
    r = canonical("script", found, &spec->script_path, err);
    if (r < 0)
        return r;
    const char *path = spec->script_path;
    spec->in_place = spec->workspace && path_within(path, spec->workspace);
    if (!spec->in_place)
        request->neighbours = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    return 0;
}

static bool has_header(const struct spec *spec)
{
    struct error ignored;
    autofree char *header = NULL;
    return pep723_find(spec->code, spec->code_len, &header, &ignored) < 0 || header;
}

/* Takes the first word, or none where -c was given. */
static int take_script(const struct options *options, struct request *request, bool *no_script,
                       struct error *err)
{
    char *const *words = options->words;
    struct spec *spec = &request->spec;
    int r = 0;
    if (options->code) {
        spec->code = xstrdup(options->code);
        spec->code_len = strlen(options->code);
    } else if (!*words) {
        return fail_caller(err, EINVAL,
                           "no script is given: name a file, - for standard input, "
                           "or -c CODE");
    } else if (strcmp(*words, "-") == 0) {
        request->input_taken = true;
        r = read_code(STDIN_FILENO, "standard input", spec, err);
        words++;
    } else {
        r = take_file(*words++, request, no_script, err);
    }
    spec->arguments = list_copy(words);
    if (r == 0 && options->no_uv && has_header(spec))
        list_add_owned(&request->remarks, xstrdup("--no-uv: the script's header (PEP 723) is not "
                                                  "followed, and nothing is installed"));
    const char *astray = options->saved ? NULL : options_astray(options, words);
    if (astray)
        list_add_owned(&request->remarks,
                       xasprintf("%s went to the script: options of cordon stand before it (and "
                                 "-- before the script says that this is meant)",
                                 astray));
    return r;
}

static int take_command(const struct options *options, struct spec *spec, struct error *err)
{
    if (!*options->words)
        return fail_caller(err, EINVAL, "no command is given");
    spec->arguments = list_copy(options->words);
    return 0;
}

/* Said here by the names of the options. */
static int check_packages(const struct options *options, struct error *err)
{
    if (options->offline && options->refresh)
        return fail_caller(err, EINVAL,
                           "--refresh makes an environment anew and --offline makes none: "
                           "give one of them");
    if (options->no_uv && options->with)
        return fail_caller(err, EINVAL,
                           "--with needs uv, and --no-uv does without: give one of them");
    for (char **text = options->with; text && *text; text++)
        if (requirement_check(*text, err) < 0)
            return fail_within(err, "--with");
    return 0;
}

int request_make(const struct options *options, bool script, struct request *ret, bool *no_script,
                 struct error *err)
{
    *ret = (struct request){ 0 };
    *no_script = false;
    struct spec *spec = &ret->spec;
    spec_init(spec);
    spec->use_uv = !options->no_uv;
    spec->offline = options->offline;
    spec->refresh = options->refresh;
    spec->asked = options->asked;
    spec->requirements = list_copy(options->with);
    spec->infer = true; /* as the policy says */
    spec->project = options->directory != NULL;
    int r = check_packages(options, err);
    if (r == 0)
        r = take_directory(options, spec, err);
    if (r == 0)
        r = script ? take_script(options, ret, no_script, err) : take_command(options, spec, err);
    if (r == 0)
        r = take_policy(options, spec, err);
    if (r == 0)
        r = take_python(options, spec, err);
    if (r == 0)
        r = take_extra(options, spec, err);
    if (r == 0)
        r = take_hosts(options, spec, err);
    if (r == 0)
        r = take_variables(options, ret, err);
    return r;
}

void request_done(struct request *request)
{
    spec_done(&request->spec);
    free(request->neighbours);
    list_free(request->remarks);
    *request = (struct request){ 0 };
}
