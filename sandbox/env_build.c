/* SPDX-License-Identifier: Apache-2.0 */
/* env_build.c - source distributions: download first, build second. */
#include "env_build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "build_words.h"
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
    char *cache, *sources, *wheels, *packed, *out;
    char *lock;   /* the file; NULL: nothing is locked */
    char *locked; /* what is in it by now */
    char *python; /* inside */
    unsigned rounds;
    struct package last; /* built in the round before */
};

static bool is_same(const struct package *a, const struct package *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0;
}

/* --- directories ------------------------------------------------------------------------------ */

/* Takes `text`. */
static int write_lock(struct build *build, char *text, struct error *err)
{
    free(build->locked);
    build->locked = text;
    return file_write(AT_FDCWD, build->lock, text, strlen(text), 0644, err);
}

static int begin(struct build *build, struct error *err)
{
    const char *path = build->making->path;
    build->top = xasprintf("%.*s/build", (int)(strrchr(path, '/') - path), path);
    build->cache = path_join(build->top, "cache");
    build->sources = path_join(build->top, "sources");
    build->wheels = path_join(build->top, "wheels");
    build->packed = path_join(build->top, "packed");
    build->out = path_join(build->top, "out");
    build->python = uv_python(build->making);
    const char *const made[] = { build->cache, build->sources, build->wheels, build->packed,
                                 build->out };
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(made); i++)
        r = make_directories(made[i], 0700, err);
    const char *locked = build->making->request->locked;
    if (r < 0 || !locked)
        return r;
    build->lock = path_join(build->top, "lock");
    return write_lock(build, xstrdup(locked), err);
}

/* On failure the whole of what is half made goes; here what would stay in a good one. */
static int end(struct build *build, int r, struct error *err)
{
    if (r == 0)
        r = tree_remove(AT_FDCWD, build->top, err);
    free(build->top);
    free(build->cache);
    free(build->sources);
    free(build->wheels);
    free(build->packed);
    free(build->out);
    free(build->lock);
    free(build->locked);
    free(build->python);
    return r;
}

static int empty(const char *directory, struct error *err)
{
    int r = tree_remove(AT_FDCWD, directory, err);
    return r == 0 ? make_directories(directory, 0700, err) : r;
}

/* --- boxes ------------------------------------------------------------------------------------ */

/* uv asks an interpreter once and remembers: where it cannot run any more the answer is there. */
static int introduce_python(const struct build *build, const char *cache, struct error *err)
{
    const char *const words[] = { "pip", "list", "--python", build->python, NULL };
    const struct errand_mount mounts[] = {
        { .host = build->making->path, .inside = ENVIRONMENT_INSIDE },
        { .host = cache, .inside = UV_CACHE_INSIDE, .write = true },
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

struct download {
    const char *cache;
    char *const *wanted; /* words of uv's, as uv_wanted() */
    const char *lock;    /* a file, or NULL */
    bool installs;       /* into the environment; or what has come stays in the cache */
};

static int download(const struct build *build, const struct download *what,
                    struct errand_result *ret, struct error *err)
{
    const char *const words[] = { "pip",          "install",     "--python", build->python,
                                  "--find-links", wheels_inside, NULL };
    const struct errand_mount mounts[] = {
        { .host = build->making->path, .inside = ENVIRONMENT_INSIDE, .write = what->installs },
        { .host = what->cache, .inside = UV_CACHE_INSIDE, .write = true },
        { .host = build->wheels, .inside = wheels_inside },
        { .host = what->lock, .inside = LOCKED_INSIDE },
    };
    const struct uv_call call = { .making = build->making,
                                  .power = UV_FETCHES,
                                  .words = words,
                                  .more = what->wanted,
                                  .mounts = mounts,
                                  .mount_count = COUNT(mounts) - !what->lock };
    return uv_call(build->sandbox, &call, ret, err);
}

/* Has it failed where *ret would have to be built, and nowhere before? */
static bool wants_build(const struct errand_result *result, struct package *ret)
{
    return result->outcome.end == END_EXITED && result->outcome.denied_count == 0 &&
           build_wanted(result->err, ret);
}

#define ELSEWHERE "--target=/tmp/fetched" /* for the cache's sake */

/* Where uv unpacked it. */
static char *find_source(const char *cache, const struct package *package)
{
    static const char *const places[] = { "sdists-v*/pypi", "sdists-v*/index/*", "sdists-v*/*/*" };
    char *found = NULL;
    for (size_t i = 0; i < COUNT(places) && !found; i++) {
        autofree char *pattern =
            xasprintf("%s/%s/%s/%s/*/src", cache, places[i], package->name, package->version);
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

/* --- one package ----------------------------------------------------------------------------- */

static int keep_wheel(const struct build *build, const char *name, char ***hashes,
                      struct error *err)
{
    autofree char *from = path_join(build->out, name);
    autofree char *to = path_join(build->wheels, name);
    if (rename(from, to) < 0)
        return fail_host(err, "keep the wheel %s", name);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    if (!SHA256File(to, hash))
        return fail_host(err, "read the wheel %s", name);
    list_add(hashes, hash);
    return 0;
}

/* Of what a stranger's build has left: regular files that are called wheels of it. */
static int take_wheels(const struct build *build, const struct package *package, char ***hashes,
                       struct error *err)
{
    DIR *stream = opendir(build->out);
    if (!stream)
        return fail_host(err, "open %s", build->out);
    int r = 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
        struct stat st;
        if (wheel_is_of(entry->d_name, package->name) &&
            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            r = keep_wheel(build, entry->d_name, hashes, err);
    }
    closedir(stream);
    if (r == 0 && !*hashes)
        r = fail_host_as(err, EBADMSG, "the build of %s==%s left no wheel of it", package->name,
                         package->version);
    return r;
}

/* What only the running build could say it needs: fetched on its own, wheels or not. */
static int fetch_missing(const struct build *build, const char *name, struct error *err)
{
    char elsewhere[] = ELSEWHERE, words_only[] = "--";
    char *const wanted[] = { elsewhere, words_only, (char *)(uintptr_t)name, NULL };
    const struct download what = { build->cache, wanted, NULL, false };
    struct errand_result result = { 0 };
    int r = download(build, &what, &result, err);
    if (r == 0)
        r = uv_judge(build->making, &result, err);
    errand_result_done(&result);
    return r < 0 ? fail_within(err, "what a build asks for") : 0;
}

/* 1: built; 0: `missing` is to be fetched first. */
static int try_build(const struct build *build, const struct package *package, const char *source,
                     char missing[WORD_MAX + 1], struct error *err)
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

static int make_wheels(struct build *build, const struct package *package, const char *source,
                       char ***hashes, struct error *err)
{
    char asked[WORD_MAX + 1] = "", missing[WORD_MAX + 1] = "";
    while (build->rounds++ < ROUNDS_MAX) {
        int r = try_build(build, package, source, missing, err);
        if (r == 1)
            return take_wheels(build, package, hashes, err);
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

/* The source whose hash the lock names, into the cache that has no others. */
static int fetch_verified(const struct build *build, const struct package *package,
                          const char *lines, struct error *err)
{
    autofree char *lock = path_join(build->top, "lock-of-one");
    int r = file_write(AT_FDCWD, lock, lines, strlen(lines), 0644, err);
    if (r < 0)
        return r;
    /* What a build needs no lock knows: without isolation it is not asked for. */
    const struct env_request alone = { .locked = lines };
    autolist char **wanted = uv_wanted(&alone);
    list_add(&wanted, ELSEWHERE);
    list_add(&wanted, "--no-build-isolation");
    const struct download what = { build->sources, wanted, lock, false };
    struct errand_result result = { 0 };
    struct package named = { 0 };
    r = download(build, &what, &result, err);
    if (r == 0) {
        r = uv_judge(build->making, &result, err);
        if (r == 0)
            r = fail_host_as(err, EBADMSG, "the index has a wheel of %s==%s now, and had none",
                             package->name, package->version);
        else if (wants_build(&result, &named) && is_same(&named, package))
            r = 0;
    }
    errand_result_done(&result);
    return r;
}

static int build_package(struct build *build, const struct package *package, struct error *err)
{
    autofree char *lines = build->locked ? lock_only(build->locked, package) : NULL;
    int r = lines ? fetch_verified(build, package, lines, err) : 0;
    if (r < 0)
        return r;
    autofree char *source = find_source(lines ? build->sources : build->cache, package);
    if (!source)
        return fail_host_as(err, ENOENT, "the source of %s==%s is not where uv should have put it",
                            package->name, package->version);
    autolist char **hashes = NULL;
    r = make_wheels(build, package, source, &hashes, err);
    if (r < 0 || !lines)
        return r;
    return write_lock(build, lock_replace(build->locked, package, hashes), err);
}

/* 1: installed; 0: *ret is to be built first. */
static int try_install(const struct build *build, struct package *ret, struct error *err)
{
    autolist char **wanted = uv_wanted(build->making->request);
    const struct download what = { build->cache, wanted, build->lock, true };
    struct errand_result result = { 0 };
    int r = download(build, &what, &result, err);
    if (r == 0) {
        r = uv_judge(build->making, &result, err);
        if (r == 0)
            r = 1;
        else if (wants_build(&result, ret))
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
        r = introduce_python(&build, build.cache, err);
    if (r == 0 && build.lock)
        r = introduce_python(&build, build.sources, err);
    while (r == 0) {
        struct package package = { 0 };
        r = try_install(&build, &package, err);
        if (r != 0)
            break;
        if (is_same(&package, &build.last))
            r = fail_host_as(err, ELOOP, "the wheel that %s==%s was built into does not fit",
                             package.name, package.version);
        if (r == 0)
            r = build_package(&build, &package, err);
        build.last = package;
    }
    return end(&build, r > 0 ? 0 : r, err);
}
