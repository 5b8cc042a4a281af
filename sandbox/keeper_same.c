/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_same.c - is the box that stands the one that an order would get? */
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "chain.h"
#include "etc.h"
#include "keeper_inside.h"
#include "str.h"

static struct seen_file look_at_file(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 ? (struct seen_file){ 0 }
                               : (struct seen_file){ st.st_dev, st.st_ino };
}

static struct seen_file look_at_workspace(const struct job *job)
{
    struct stat st;
    return job->workspace_fd < 0 || fstat(job->workspace_fd, &st) < 0
               ? (struct seen_file){ 0 }
               : (struct seen_file){ st.st_dev, st.st_ino };
}

static bool same_file(struct seen_file one, struct seen_file other)
{
    return one.device == other.device && one.inode == other.inode;
}

/* What is protected is so where it was there when the box was made. */
static char *look_at_guarded(const struct job *job)
{
    bool written = job->workspace_fd >= 0 && job->policy->workspace != WORKSPACE_READ;
    return written ? chain_print(job->workspace_fd, job->workspace, job->policy->protect)
                   : xstrdup("");
}

static void add_file(struct str *seen, const char *path)
{
    const struct seen_file file = look_at_file(path);
    str_add(seen, &file, sizeof(file));
}

/* Beside the workspace: what was replaced shows in a fresh box only. */
static void look_at_host(const struct job *job, struct str *ret)
{
    const struct policy *policy = job->policy;
    for (size_t i = 0; i < job->bind_count; i++)
        add_file(ret, job->binds[i].host);
    for (size_t i = 0; i < policy->file_count; i++)
        if (policy->files[i].kind == FILE_READ || policy->files[i].kind == FILE_WRITE ||
            policy->files[i].kind == FILE_DEVICE)
            add_file(ret, policy->files[i].path);
    for (size_t i = 0; etc_of_host(i); i++)
        add_file(ret, etc_of_host(i));
}

void keeper_look_at_files(struct keeper *keeper)
{
    const struct job *stand = &keeper->stand;
    str_done(&keeper->seen);
    look_at_host(stand, &keeper->seen);
    keeper->workspace_file = look_at_workspace(stand);
    free(keeper->guarded);
    keeper->guarded = look_at_guarded(stand);
}

static bool same_text(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

static bool same_binds(const struct keeper *keeper)
{
    const struct job *stand = &keeper->stand, *job = &keeper->job;
    bool same = stand->bind_count == job->bind_count;
    for (size_t i = 0; same && i < job->bind_count; i++) {
        const struct plan_bind *one = &stand->binds[i], *other = &job->binds[i];
        same = same_text(one->host, other->host) && same_text(one->inside, other->inside) &&
               one->write == other->write && one->own == other->own;
    }
    return same;
}

static bool same_host(const struct keeper *keeper)
{
    autostr struct str now = { 0 };
    look_at_host(&keeper->job, &now);
    return now.len == keeper->seen.len && memcmp(now.data, keeper->seen.data, now.len) == 0;
}

/* What it is told to run, but for the script's own arguments. */
static bool same_command(const struct job *stand, const struct job *job)
{
    size_t count = list_len(stand->command.argv);
    bool same = list_len(job->command.argv) == count + list_len(job->launch->argv) &&
                same_text(stand->command.script_at, job->command.script_at);
    for (size_t i = 0; same && i < count; i++)
        same = same_text(stand->command.argv[i], job->command.argv[i]);
    return same;
}

/* Those that its supervisor alone watches may be any. */
static const size_t watched_limits[] = { offsetof(struct limits, wall_ms),
                                         offsetof(struct limits, cpu_ms),
                                         offsetof(struct limits, output_bytes),
                                         offsetof(struct limits, workspace_growth_bytes) };

static bool same_limits(const struct limits *stand, const struct limits *job)
{
    struct limits one = *stand, other = *job;
    for (size_t i = 0; i < COUNT(watched_limits); i++)
        *(uint64_t *)((char *)&one + watched_limits[i]) =
            *(uint64_t *)((char *)&other + watched_limits[i]) = 0;
    return memcmp(&one, &other, sizeof(one)) == 0 && job->cpu_ms <= stand->cpu_ms;
}

static const char *identity_of(const struct python *python)
{
    return python ? python->identity : NULL;
}

/* NULL, or what of the order's box is another than of the one that stands. */
const char *keeper_difference(const struct keeper *keeper)
{
    const struct job *stand = &keeper->stand, *job = &keeper->job;
    autofree char *one = job_own_directories(stand), *other = job_own_directories(job);
    autofree char *guarded = look_at_guarded(job);
    if (memcmp(stand->policy->sha256, job->policy->sha256, sizeof(job->policy->sha256)) != 0)
        return "the policy has changed";
    if (!same_text(identity_of(stand->ready.python), identity_of(job->ready.python)))
        return "the interpreter has changed";
    if (!same_text(stand->ready.environment.key, job->ready.environment.key))
        return "the environment is another";
    if (!same_text(stand->workspace, job->workspace) ||
        !same_file(keeper->workspace_file, look_at_workspace(job)))
        return "the workspace is another";
    if (!same_text(keeper->guarded, guarded))
        return "of what is protected in the workspace something has come or gone";
    if (!same_binds(keeper) || !same_host(keeper))
        return "what the box sees is another";
    if (!same_command(stand, job) || stand->ready.project != job->ready.project ||
        !same_text(one, other))
        return "the command is another";
    return same_limits(&stand->limits, &job->limits) ? NULL : "the limits are others";
}
