/* SPDX-License-Identifier: Apache-2.0 */
/* written.c - growth.h for every directory that an errand writes. */
#include "written.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "env_room.h"
#include "policy.h"
#include "str.h"
#include "tree_size.h"

static int say(const struct written_bound *bound, enum grown what, uint64_t amount,
               struct error *err)
{
    if (what == GROWN_FILES)
        return fail_host_as(err, EDQUOT,
                            "inodes limit of %llu (policy %s) reached: it made about %llu files",
                            (unsigned long long)bound->limits.inodes, bound->policy,
                            (unsigned long long)amount);
    char limit[32], wrote[32];
    limit_print(bound->limits.workspace_growth_bytes, UNIT_SIZE, limit);
    limit_print(amount >> 20 ? amount >> 20 << 20 : amount, UNIT_SIZE, wrote);
    if (bound->is_room)
        return fail_host_as(err, EDQUOT,
                            "limit of %s for all environments (uv.environment_max_bytes, or a "
                            "quarter of the file system) reached: it wrote about %s",
                            limit, wrote);
    return fail_host_as(err, EDQUOT,
                        "workspace_growth limit of %s (policy %s) reached: it wrote about %s",
                        limit, bound->policy, wrote);
}

/* No more than all environments together may take: else one would drive out every other. */
static struct written_bound bound_here(const struct sandbox *sandbox, const char *policy,
                                       const struct limits *limits)
{
    struct written_bound bound = { .policy = policy, .limits = *limits };
    uint64_t room = env_room(sandbox);
    if (room >> 20)
        room = room >> 20 << 20; /* in words that a person reads */
    bound.is_room = room < limits->workspace_growth_bytes;
    if (bound.is_room)
        bound.limits.workspace_growth_bytes = room;
    return bound;
}

static int judge_amounts(const struct written_bound *bound, const uint64_t amounts[GROWN_KINDS],
                         struct error *err)
{
    const uint64_t most[GROWN_KINDS] = {
        [GROWN_BYTES] = bound->limits.workspace_growth_bytes, [GROWN_FILES] = bound->limits.inodes
    };
    for (enum grown i = 0; i < GROWN_KINDS; i++)
        if (amounts[i] > most[i])
            return say(bound, i, amounts[i], err);
    return 0;
}

static void measure(const char *path, uint64_t amounts[GROWN_KINDS])
{
    struct tree_size size;
    tree_size(path, &size);
    amounts[GROWN_BYTES] = size.bytes;
    amounts[GROWN_FILES] = size.files;
}

int written_begin(const struct sandbox *sandbox, const struct errand *errand,
                  const struct limits *limits, struct written *ret, struct error *err)
{
    *ret = (struct written){ 0 };
    size_t writable = 0;
    for (size_t i = 0; i < errand->mount_count; i++)
        writable += errand->mounts[i].write;
    if (writable == 0)
        return 0;
    if (writable > WRITTEN_MAX)
        return fail_host_as(err, E2BIG, "an errand that writes %zu directories", writable);
    ret->bound = bound_here(sandbox, errand->policy, limits);
    if (errand->making)
        measure(errand->making, ret->before);
    int r = judge_amounts(&ret->bound, ret->before, err);
    if (r < 0)
        return r;
    struct timespec since;
    (void)clock_gettime(CLOCK_REALTIME, &since);
    for (size_t i = 0; i < errand->mount_count; i++) {
        if (!errand->mounts[i].write)
            continue;
        int fd = open(errand->mounts[i].host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            return fail_host(err, "open %s", errand->mounts[i].host);
        ret->directories[ret->count] = fd;
        ret->growth[ret->count++] =
            growth_watch(fd, ret->bound.limits.workspace_growth_bytes - ret->before[GROWN_BYTES],
                         ret->bound.limits.inodes - ret->before[GROWN_FILES], since);
    }
    return 0;
}

bool written_look(void *context, pid_t init, uint64_t now, uint64_t *next)
{
    struct written *written = context;
    for (size_t i = 0; i < written->count && !written->reached; i++) {
        written->reached =
            growth_reached(written->growth[i], init, now, &written->what, &written->amount);
        uint64_t again = growth_next(written->growth[i]);
        if (again < *next)
            *next = again;
    }
    return written->reached;
}

int written_judge(const struct written *written, struct error *err)
{
    if (!written->reached)
        return 0;
    return say(&written->bound, written->what, written->amount + written->before[written->what],
               err);
}

void written_done(struct written *written)
{
    for (size_t i = 0; i < written->count; i++) {
        growth_free(written->growth[i]);
        own_close(&written->directories[i]);
    }
    written->count = 0;
}

int written_fits(const struct sandbox *sandbox, const char *policy_name, const char *path,
                 uint64_t *bytes, struct error *err)
{
    autopolicy struct policy *policy = NULL;
    int r = policy_load(sandbox, policy_name, &policy, err);
    if (r < 0)
        return r;
    struct written_bound bound = bound_here(sandbox, policy_name, &policy->limits);
    uint64_t amounts[GROWN_KINDS];
    measure(path, amounts);
    *bytes = amounts[GROWN_BYTES];
    return judge_amounts(&bound, amounts, err);
}
