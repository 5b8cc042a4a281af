/* SPDX-License-Identifier: Apache-2.0 */
/* env_build.c - source distributions: download first, build second. */
#include "env_build.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "env_pack.h"
#include "env_uv.h"
#include "fd.h"
#include "str.h"

/* Packages of one environment that have only a source, and what their builds
 * ask for on the way; each costs two boxes. */
#define ROUNDS_MAX 64

/* Beneath the environment's directory while it is made; seen beneath UV_INSIDE. */
static const char wheels_inside[] = UV_INSIDE "/wheels";
static const char packed_inside[] = UV_INSIDE "/packed";
static const char out_inside[] = UV_INSIDE "/out";
static const char source_inside[] = UV_INSIDE "/source";

/* The source as a build sees it: its own copy, where it may write what it likes. */
#define COPY_INSIDE "/tmp/source"
static const char copy_inside[] = COPY_INSIDE;
static const char copy_and_run[] = "cp -R " UV_INSIDE "/source " COPY_INSIDE " && exec \"$@\"";

struct build {
    const struct sandbox *sandbox;
    const struct env_making *making;
    char *top; /* on the host, with these in it: */
    char *cache, *wheels, *packed, *out;
    char *python; /* inside */
    unsigned rounds;
    struct package last; /* built in the round before */
};

/* --- what uv says -------------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-+!", c));
}

/* A word of [A-Za-z0-9._+!-] that ends where `end` begins; it becomes part of paths. */
static bool take_word(const char *from, const char *end, char out[101])
{
    size_t len = (size_t)(end - from);
    if (len == 0 || len > 100 || *from == '.' || *from == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_plain(from[i]))
            return false;
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

bool build_wanted(const char *text, struct package *ret)
{
    static const char sign[] = "Failed to build `";
    bool found = false;
    for (const char *at = text; (at = strstr(at, sign));) {
        at += strlen(sign);
        const char *end = strchr(at, '`');
        const char *equals = end ? memmem(at, (size_t)(end - at), "==", 2) : NULL;
        struct package package = { 0 };
        if (equals && take_word(at, equals, package.name) &&
            take_word(equals + 2, end, package.version)) {
            *ret = package;
            found = true;
        }
    }
    return found;
}

bool build_missing(const char *text, char name[101])
{
    const char *end = strstr(text, " was not found in the provided package locations");
    const char *from = end;
    while (from && from > text && is_plain(from[-1]))
        from--;
    return end && take_word(from, end, name);
}

static char folded(char c)
{
    return (char)(c == '.' || c == '-' ? '_' : tolower((unsigned char)c));
}

bool wheel_is_of(const char *file, const char *name)
{
    /* Runs of -_. are one "_" in the names of wheels (binary distribution format). */
    const char *at = file;
    for (; *name; name++) {
        if (folded(*name) == '_' && folded(name[1]) == '_')
            continue;
        if (folded(*at++) != folded(*name))
            return false;
    }
    return *at == '-' && ends_with(file, ".whl") && !strchr(file, '/');
}

/* --- directories ------------------------------------------------------------------------------ */

static int begin(struct build *build, struct error *err)
{
    const char *path = build->making->path;
    build->top = xasprintf("%.*s/build", (int)(strrchr(path, '/') - path), path);
    build->cache = path_join(build->top, "cache");
    build->wheels = path_join(build->top, "wheels");
    build->packed = path_join(build->top, "packed");
    build->out = path_join(build->top, "out");
    build->python = uv_python(build->making);
    const char *const made[] = { build->cache, build->wheels, build->packed, build->out };
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(made); i++)
        r = make_directories(made[i], 0700, err);
    return r;
}

/* On failure the whole of what is half made goes; here what would stay in a good one. */
static int end(struct build *build, int r, struct error *err)
{
    if (r == 0)
        r = tree_remove(AT_FDCWD, build->top, err);
    free(build->top);
    free(build->cache);
    free(build->wheels);
    free(build->packed);
    free(build->out);
    free(build->python);
    return r;
}

static int empty(const char *directory, struct error *err)
{
    int r = tree_remove(AT_FDCWD, directory, err);
    return r == 0 ? make_directories(directory, 0700, err) : r;
}

/* --- boxes --------------------------------------------------------------------------------------
 */

/* uv asks an interpreter once and remembers: where it cannot run any more the answer is there. */
static int introduce_python(const struct build *build, struct error *err)
{
    const char *const words[] = { "pip", "list", "--python", build->python, NULL };
    const struct errand_mount mounts[] = {
        { .host = build->making->path, .inside = ENVIRONMENT_INSIDE },
        { .host = build->cache, .inside = UV_CACHE_INSIDE, .write = true },
    };
    const struct uv_call call = { .making = build->making,
                                  .power = UV_LOCAL,
                                  .words = words,
                                  .mounts = mounts,
                                  .mount_count = COUNT(mounts) };
    struct errand_result result = { 0 };
    int r = uv_call(build->sandbox, &call, &result, err);
    if (r == 0)
        r = uv_judge(build->making, &result, err);
    errand_result_done(&result);
    return r;
}

/* Into the environment, or with `target` anywhere, for the cache's sake. */
static int download(const struct build *build, const char *target, char *const *requirements,
                    struct errand_result *ret, struct error *err)
{
    const char *const words[] = { "pip",
                                  "install",
                                  "--python",
                                  build->python,
                                  "--find-links",
                                  wheels_inside,
                                  target ? "--target" : "--",
                                  target,
                                  target ? "--" : NULL,
                                  NULL };
    const struct errand_mount mounts[] = {
        { .host = build->making->path, .inside = ENVIRONMENT_INSIDE, .write = !target },
        { .host = build->cache, .inside = UV_CACHE_INSIDE, .write = true },
        { .host = build->wheels, .inside = wheels_inside },
    };
    const struct uv_call call = { .making = build->making,
                                  .power = UV_FETCHES,
                                  .words = words,
                                  .more = requirements,
                                  .mounts = mounts,
                                  .mount_count = COUNT(mounts) };
    return uv_call(build->sandbox, &call, ret, err);
}

/* Where uv unpacked it. */
static char *find_source(const struct build *build, const struct package *package)
{
    static const char *const places[] = { "sdists-v*/pypi", "sdists-v*/index/*", "sdists-v*/*/*" };
    char *found = NULL;
    for (size_t i = 0; i < COUNT(places) && !found; i++) {
        autofree char *pattern = xasprintf("%s/%s/%s/%s/*/src", build->cache, places[i],
                                           package->name, package->version);
        glob_t all = { 0 };
        if (glob(pattern, GLOB_NOSORT, NULL, &all) == 0)
            found = xstrdup(all.gl_pathv[0]);
        globfree(&all);
    }
    return found;
}

static int run_build(const struct build *build, const char *source, struct errand_result *ret,
                     struct error *err)
{
    static const char *const before[] = { "/bin/sh", "-c", copy_and_run, "sh", NULL };
    const char *const words[] = { "build",       "--wheel",      "--python",    build->python,
                                  "--no-index",  "--find-links", wheels_inside, "--find-links",
                                  packed_inside, "--out-dir",    out_inside,    "--cache-dir",
                                  "/tmp/cache",  "--",           copy_inside,   NULL };
    static const char *const variables[] = { "UV_NO_CONFIG=1", NULL };
    const struct errand_mount mounts[] = {
        { .host = build->making->path, .inside = ENVIRONMENT_INSIDE },
        { .host = source, .inside = source_inside },
        { .host = build->wheels, .inside = wheels_inside },
        { .host = build->packed, .inside = packed_inside },
        { .host = build->out, .inside = out_inside, .write = true },
    };
    const struct uv_call call = { .making = build->making,
                                  .power = UV_LOCAL,
                                  .before = before,
                                  .words = words,
                                  .variables = variables,
                                  .mounts = mounts,
                                  .mount_count = COUNT(mounts) };
    return uv_call(build->sandbox, &call, ret, err);
}

/* --- one package
 * ----------------------------------------------------------------------------------- */

/* Of what a stranger's build has left: regular files that are called wheels of it. */
static int take_wheels(const struct build *build, const struct package *package, struct error *err)
{
    DIR *stream = opendir(build->out);
    if (!stream)
        return fail_host(err, "open %s", build->out);
    unsigned taken = 0;
    int r = 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
        struct stat st;
        if (!wheel_is_of(entry->d_name, package->name) ||
            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        autofree char *to = path_join(build->wheels, entry->d_name);
        if (renameat(dirfd(stream), entry->d_name, AT_FDCWD, to) < 0)
            r = fail_host(err, "keep the wheel %s", entry->d_name);
        taken++;
    }
    closedir(stream);
    if (r == 0 && taken == 0)
        r = fail_host_as(err, EBADMSG, "the build of %s==%s left no wheel of it", package->name,
                         package->version);
    return r;
}

/* What only the running build could say it needs: fetched on its own, wheels or not. */
static int fetch_missing(const struct build *build, const char *name, struct error *err)
{
    char *const requirements[] = { (char *)(uintptr_t)name, NULL };
    struct errand_result result = { 0 };
    int r = download(build, "/tmp/fetched", requirements, &result, err);
    if (r == 0)
        r = uv_judge(build->making, &result, err);
    errand_result_done(&result);
    return r < 0 ? fail_within(err, "what a build asks for") : 0;
}

/* 1: built; 0: `missing` is to be fetched first. */
static int try_build(const struct build *build, const struct package *package, const char *source,
                     char missing[101], struct error *err)
{
    struct errand_result result = { 0 };
    int r = empty(build->out, err);
    if (r == 0)
        r = env_pack(build->sandbox, build->making, build->cache, build->packed, err);
    if (r == 0)
        r = run_build(build, source, &result, err);
    if (r == 0) {
        r = uv_judge(build->making, &result, err);
        if (r == 0)
            r = 1;
        else if (result.outcome.end == END_EXITED && build_missing(result.err, missing))
            r = 0;
        else
            r = fail_within(err, "the build of %s==%s, in a box without network", package->name,
                            package->version);
    }
    errand_result_done(&result);
    return r;
}

static int build_package(struct build *build, const struct package *package, struct error *err)
{
    autofree char *source = find_source(build, package);
    if (!source)
        return fail_host_as(err, ENOENT, "the source of %s==%s is not where uv should have put it",
                            package->name, package->version);
    char asked[101] = "", missing[101] = "";
    while (build->rounds++ < ROUNDS_MAX) {
        int r = try_build(build, package, source, missing, err);
        if (r == 1)
            return take_wheels(build, package, err);
        if (r == 0 && strcmp(missing, asked) == 0)
            return fail_host_as(err, ENOENT, "the build of %s==%s asks for a %s that is not there",
                                package->name, package->version, missing);
        if (r == 0)
            r = fetch_missing(build, missing, err);
        if (r < 0)
            return r;
        memcpy(asked, missing, sizeof(asked));
    }
    return fail_host_as(err, ELOOP, "more than %d builds for one environment", ROUNDS_MAX);
}

/* 1: installed; 0: *ret is to be built first. */
static int try_install(const struct build *build, struct package *ret, struct error *err)
{
    struct errand_result result = { 0 };
    int r = download(build, NULL, build->making->request->requirements, &result, err);
    if (r == 0) {
        r = uv_judge(build->making, &result, err);
        if (r == 0)
            r = 1;
        else if (result.outcome.end == END_EXITED && result.outcome.denied_count == 0 &&
                 build_wanted(result.err, ret))
            r = 0;
    }
    errand_result_done(&result);
    return r;
}

int env_build(const struct sandbox *sandbox, const struct env_making *making, struct error *err)
{
    struct build build = { .sandbox = sandbox, .making = making };
    int r = begin(&build, err);
    if (r == 0)
        r = introduce_python(&build, err);
    while (r == 0) {
        struct package package = { 0 };
        r = try_install(&build, &package, err);
        if (r != 0)
            break;
        if (strcmp(package.name, build.last.name) == 0 &&
            strcmp(package.version, build.last.version) == 0)
            r = fail_host_as(err, ELOOP, "the wheel that %s==%s was built into does not fit",
                             package.name, package.version);
        if (r == 0)
            r = build_package(&build, &package, err);
        build.last = package;
    }
    return end(&build, r > 0 ? 0 : r, err);
}
