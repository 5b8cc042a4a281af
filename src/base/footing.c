/* SPDX-License-Identifier: Apache-2.0 */
/* footing.c - what a box takes from the process that starts it, as numbers to compare. */
#include <dirent.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/hatch.h>

#include "str.h"

#define GROUPS_MAX     256
#define PROCESSORS_MAX 8192

/* Nobody is kept out by it (that is the gate's look at the peer), and both sides are the same
 * user's: two that differ only have to differ in it. FNV-1a. */
static uint64_t mix(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ at[i]) * 0x100000001b3ULL;
    return sum;
}

#define MIX_BEGIN 0xcbf29ce484222325ULL

static uint64_t mix_text(uint64_t sum, const char *text)
{
    return mix(sum, text, strlen(text) + 1);
}

static uint64_t mix_number(uint64_t sum, uint64_t number)
{
    return mix(sum, &number, sizeof(number));
}

/* Which file it is, and which text of it. */
static uint64_t mix_file(uint64_t sum, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return mix_text(sum, "none");
    sum = mix_number(mix_number(sum, st.st_dev), st.st_ino);
    sum = mix_number(mix_number(sum, (uint64_t)st.st_size), (uint64_t)st.st_mtim.tv_sec);
    return mix_number(sum, (uint64_t)st.st_mtim.tv_nsec);
}

/* Its files in whatever order they are found. */
static uint64_t directory_sum(const char *path)
{
    uint64_t sum = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!ends_with(entry->d_name, ".json"))
            continue;
        autofree char *file = path_join(path, entry->d_name);
        sum += mix_file(mix_text(MIX_BEGIN, entry->d_name), file);
    }
    if (dir)
        (void)closedir(dir);
    return sum;
}

static uint64_t policies_sum(char *const *dirs)
{
    uint64_t sum = MIX_BEGIN;
    for (size_t i = 0; dirs && dirs[i]; i++)
        sum = mix_number(sum, directory_sum(dirs[i]));
    return sum;
}

/* Where interpreters and uv are looked for, and what is uv's to know. What a script is given is
 * in its launch. */
static const char *const deciding[] = {
    "PATH",
    "HOME",
    "NETRC",
    "PYENV_ROOT",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "CARGO_HOME",
    "CORDON_UV",
    "CORDON_CGROUP",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "XDG_CONFIG_HOME",
};

static bool decides(const char *pair)
{
    autofree char *name = xstrndup(pair, strcspn(pair, "="));
    if (starts_with(name, "UV_") || starts_with(name, "SSL_") || ends_with(name, "_PROXY") ||
        ends_with(name, "_proxy"))
        return true;
    for (size_t i = 0; i < COUNT(deciding); i++)
        if (strcmp(name, deciding[i]) == 0)
            return true;
    return false;
}

static uint64_t environment_sum(void)
{
    uint64_t sum = 0;
    for (char **pair = environ; pair && *pair; pair++)
        if (decides(*pair))
            sum += mix_text(MIX_BEGIN, *pair);
    return sum;
}

static uint64_t namespaces_sum(void)
{
    static const char *const names[] = { "/proc/self/ns/mnt", "/proc/self/ns/net",
                                         "/proc/self/ns/pid", "/proc/self/ns/user" };
    uint64_t sum = MIX_BEGIN;
    struct stat st;
    for (size_t i = 0; i < COUNT(names); i++)
        sum = mix_number(sum, stat(names[i], &st) == 0 ? st.st_ino : 0);
    return stat("/", &st) == 0 ? mix_number(mix_number(sum, st.st_dev), st.st_ino) : sum;
}

static uint64_t groups_sum(void)
{
    gid_t groups[GROUPS_MAX];
    int count = getgroups(GROUPS_MAX, groups);
    uint64_t sum = mix_number(MIX_BEGIN, getegid());
    uint64_t all = 0; /* in whatever order they were set */
    for (int i = 0; i < count; i++)
        all += mix_number(MIX_BEGIN, groups[i]);
    return mix_number(mix_number(sum, (uint64_t)(int64_t)count), all);
}

static uint64_t priority_sum(void)
{
    uint64_t processors[PROCESSORS_MAX / 64] = { 0 };
    (void)syscall(SYS_sched_getaffinity, 0, sizeof(processors), processors);
    uint64_t sum = mix(MIX_BEGIN, processors, sizeof(processors));
    sum = mix_number(sum, (uint64_t)(int64_t)getpriority(PRIO_PROCESS, 0));
    return mix_number(sum, (uint64_t)syscall(SYS_sched_getscheduler, 0));
}

static const __rlimit_resource_t inherited[FOOTING_LIMITS] = { RLIMIT_CPU, RLIMIT_FSIZE,
                                                               RLIMIT_DATA, RLIMIT_AS,
                                                               RLIMIT_NPROC };

void footing_find(const struct footing_of *of, struct footing *ret)
{
    *ret = (struct footing){ 0 };
    ret->parts[FOOTING_PROGRAM] = mix_file(MIX_BEGIN, of->program);
    ret->parts[FOOTING_CONFIGURATION] =
        of->configuration ? mix_file(MIX_BEGIN, of->configuration) : 0;
    ret->parts[FOOTING_POLICIES] = policies_sum(of->policy_dirs);
    ret->parts[FOOTING_ENVIRONMENT] = environment_sum();
    ret->parts[FOOTING_NAMESPACES] = namespaces_sum();
    ret->parts[FOOTING_GROUPS] = groups_sum();
    ret->parts[FOOTING_PRIORITY] = priority_sum();
    for (size_t i = 0; i < FOOTING_LIMITS; i++) {
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
        (void)getrlimit(inherited[i], &limit);
        ret->limits[i] = limit.rlim_cur;
    }
}

const char *footing_differs(const struct footing *server, const struct footing *caller)
{
    static const char *const names[FOOTING_PARTS] = {
        [FOOTING_PROGRAM] = "the program",
        [FOOTING_CONFIGURATION] = "the configuration",
        [FOOTING_POLICIES] = "the policies' files",
        [FOOTING_ENVIRONMENT] = "a variable for interpreters, indexes or proxies",
        [FOOTING_NAMESPACES] = "the namespaces",
        [FOOTING_GROUPS] = "the groups",
        [FOOTING_PRIORITY] = "the priority or the processors",
    };
    for (size_t i = 0; i < FOOTING_PARTS; i++)
        if (server->parts[i] != caller->parts[i])
            return names[i];
    for (size_t i = 0; i < FOOTING_LIMITS; i++)
        if (caller->limits[i] < server->limits[i])
            return "a resource limit";
    return NULL;
}
