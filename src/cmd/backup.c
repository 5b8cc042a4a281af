/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - `cordon backup DIR` and `cordon restore DIR`: a state directory becomes another one.
 *
 * What makes itself anew is left out: environments, interpreters, compiled policies.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/front.h"
#include "fd.h"
#include "job/copy.h"
#include "str.h"

#define CHUNK_BYTES ((size_t)1 << 20)
#define DEPTH_MAX   2 /* scripts/OWNER/NAME.py */

struct side {
    char *path;
    int top, front;
};

/* `closed`: files and directories that may not be read. */
struct tally {
    unsigned long outputs, scripts, logs, closed;
};

enum copied {
    COPIED_NONE, /* no regular file, or gone meanwhile */
    COPIED_ONE,
    COPIED_CLOSED,
};

/* --- files ------------------------------------------------------------------------------------ */

static int copy_range(int in, int out, off_t at, off_t end, const char *name, struct error *err)
{
    autofree char *chunk = xcalloc(1, CHUNK_BYTES);
    if (lseek(out, at, SEEK_SET) < 0)
        return fail_host(err, "write %s", name);
    while (at < end) {
        size_t most = end - at < (off_t)CHUNK_BYTES ? (size_t)(end - at) : CHUNK_BYTES;
        ssize_t n = pread(in, chunk, most, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? fail_host(err, "read %s", name) : 0; /* somebody made it shorter */
        int r = fd_write_all(out, chunk, (size_t)n, err);
        if (r < 0)
            return fail_within(err, "%s", name);
        at += n;
    }
    return 0;
}

/* What it had when it was opened, and holes as holes: a captured front may have made one of
 * terabytes, or may be writing as fast as we read. */
static int copy_bytes(int in, int out, off_t size, const char *name, struct error *err)
{
    if (ftruncate(out, size) < 0)
        return fail_host(err, "make %s of %lld bytes", name, (long long)size);
    for (off_t at = 0, end = 0; at < size; at = end) {
        at = lseek(in, at, SEEK_DATA);
        if (at < 0 && errno == ENXIO)
            return 0;
        end = at < 0 ? -1 : lseek(in, at, SEEK_HOLE);
        if (end < 0)
            return fail_host(err, "read %s", name);
        int r = copy_range(in, out, at, end < size ? end : size, name, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* enum copied. A captured front may have put there what it liked. */
static int copy_file(int from, int to, const char *name, struct error *err)
{
    struct stat st;
    autoclose int in =
        openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (in < 0 && (errno == ENOENT || errno == ELOOP || errno == ENXIO))
        return COPIED_NONE;
    if (in < 0 && errno == EACCES)
        return COPIED_CLOSED;
    if (in < 0 || fstat(in, &st) < 0)
        return fail_host(err, "open %s", name);
    if (!S_ISREG(st.st_mode))
        return COPIED_NONE;
    autoclose int out =
        openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return fail_host(err, "make %s", name);
    int r = copy_bytes(in, out, st.st_size, name, err);
    const struct timespec times[] = { st.st_atim, st.st_mtim };
    /* What has no record is swept away by its age. */
    if (r == 0 && (fchmod(out, st.st_mode & 0700) < 0 || futimens(out, times) < 0))
        r = fail_host(err, "make %s", name);
    return r < 0 ? r : COPIED_ONE;
}

/* What is counted where a tree is copied. */
struct counts {
    unsigned long *copied, *closed;
};

static int copy_tree(int from, int to, const char *name, int depth, const struct counts *counts,
                     struct error *err);

/* Names with a dot in front are of files that were not whole yet. */
static int copy_entries(DIR *directory, int to, int depth, const struct counts *counts,
                        struct error *err)
{
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat st;
        int from = dirfd(directory), r = 0;
        if (entry->d_name[0] == '.')
            continue;
        if (fstatat(from, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            r = errno == EACCES ? COPIED_CLOSED : COPIED_NONE;
        else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            r = copy_tree(from, to, entry->d_name, depth + 1, counts, err);
        else if (S_ISREG(st.st_mode))
            r = copy_file(from, to, entry->d_name, err);
        if (r < 0)
            return r;
        *counts->copied += r == COPIED_ONE;
        *counts->closed += r == COPIED_CLOSED;
    }
    return 0;
}

/* COPIED_NONE, or that it is closed. */
static int copy_tree(int from, int to, const char *name, int depth, const struct counts *counts,
                     struct error *err)
{
    int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0 && (errno == ENOENT || errno == EACCES))
        return errno == ENOENT ? COPIED_NONE : COPIED_CLOSED;
    DIR *directory = in < 0 ? NULL : fdopendir(in);
    if (!directory) {
        own_close(&in);
        return fail_host(err, "open %s", name);
    }
    autoclose int out = mkdirat(to, name, 0700) < 0 && errno != EEXIST
                            ? -1
                            : openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = out < 0 ? fail_host(err, "make %s", name)
                    : copy_entries(directory, out, depth, counts, err);
    (void)closedir(directory);
    return r < 0 ? fail_within(err, "%s", name) : COPIED_NONE;
}

/* --- a state ---------------------------------------------------------------------------------- */

static int side_open(const struct options *options, const char *state, struct side *ret,
                     struct error *err)
{
    struct options named = *options;
    if (state)
        named.state = state;
    *ret = (struct side){ .top = -1, .front = -1 };
    int r = ret->front = front_find(&named, &ret->path, err);
    if (r < 0)
        return r;
    *strrchr(ret->path, '/') = '\0'; /* of "STATE/front" */
    ret->top = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return ret->top < 0 ? fail_host(err, "open %s", ret->path) : 0;
}

static void side_close(struct side *side)
{
    own_close(&side->top);
    own_close(&side->front);
    free(side->path);
}

/* With the ids of whose it is there; one who is captured could have it full of links. */
static int copy_front(const struct side *from, const struct side *to, struct tally *tally,
                      struct error *err)
{
    int r = front_enter(to->front, err);
    if (r == 0)
        r = store_copy(from->front, to->front, err);
    /* Behind the records: each has its output there, but for what was pruned meanwhile. */
    const struct counts outputs = { &tally->outputs, &tally->closed };
    const struct counts scripts = { &tally->scripts, &tally->closed };
    if (r == 0)
        r = copy_tree(from->front, to->front, "output", 1, &outputs, err);
    tally->closed += r == COPIED_CLOSED;
    if (r >= 0)
        r = copy_tree(from->front, to->front, "scripts", 0, &scripts, err);
    tally->closed += r == COPIED_CLOSED;
    front_leave();
    return r < 0 ? r : 0;
}

static int copy_log(const struct side *from, const struct side *to, struct tally *tally,
                    struct error *err)
{
    autoclose int in = openat(from->top, "gate", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0 || faccessat(in, "audit.log", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (mkdirat(to->top, "gate", 0700) < 0 && errno != EEXIST)
        return fail_host(err, "make gate");
    autoclose int out = openat(to->top, "gate", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (out < 0)
        return fail_host(err, "open gate");
    int r = copy_file(in, out, "audit.log", err);
    if (r == COPIED_CLOSED)
        r = fail_host_as(err, EACCES, "read audit.log");
    if (r == -EEXIST)
        return 0; /* what was run here since is not thrown away */
    tally->logs += r == COPIED_ONE;
    return r < 0 ? fail_within(err, "gate") : 0;
}

static int copy_state(const struct side *from, const struct side *to, struct error *err)
{
    struct tally tally = { 0 };
    int r = copy_front(from, to, &tally, err);
    if (r == 0)
        r = copy_log(from, to, &tally, err);
    if (r == 0 && syncfs(to->top) < 0)
        r = fail_host(err, "write %s to the disk", to->path);
    if (r == 0)
        (void)printf("%s: the records of jobs, %lu file%s of output, %lu saved script%s%s\n",
                     to->path, tally.outputs, tally.outputs == 1 ? "" : "s", tally.scripts,
                     tally.scripts == 1 ? "" : "s", tally.logs ? ", the audit log" : "");
    if (r == 0 && tally.closed > 0)
        complain("%lu files or directories that may not be read were left out", tally.closed);
    return r;
}

/* --- the commands ----------------------------------------------------------------------------- */

static int backup(const struct options *options, const char *name, struct side *from,
                  struct side *to, struct error *err)
{
    char path[PATH_MAX];
    int r = side_open(options, NULL, from, err);
    if (r < 0)
        return r;
    if (mkdir(name, 0700) < 0)
        return errno == EEXIST
                   ? fail_caller(err, EEXIST, "%s is there already: a backup is a new directory",
                                 name)
                   : fail_caller(err, errno, "make %s: %s", name, strerror(errno));
    if (!realpath(name, path))
        r = fail_host(err, "find %s", name);
    if (r == 0)
        r = side_open(options, path, to, err);
    if (r == 0)
        r = copy_state(from, to, err);
    struct error ignored;
    if (r < 0)
        (void)!tree_remove(AT_FDCWD, name, &ignored);
    return r;
}

static int restore(const struct options *options, const char *name, struct side *from,
                   struct side *to, struct error *err)
{
    char path[PATH_MAX];
    struct stat st;
    autofree char *inside = path_join(name, "front/jobs.db");
    if (lstat(inside, &st) < 0 || !realpath(name, path))
        return fail_caller(err, ENOENT, "%s is no backup: there is no %s", name, inside);
    int r = side_open(options, path, from, err);
    if (r == 0)
        r = side_open(options, NULL, to, err);
    if (r == 0 && fstatat(to->front, "jobs.db", &st, AT_SYMLINK_NOFOLLOW) == 0)
        return fail_caller(err, EEXIST,
                           "%s has records already: end its servers and move it away, or name "
                           "another with --state",
                           to->path);
    return r < 0 ? r : copy_state(from, to, err);
}

int backup_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    struct side from = { .top = -1, .front = -1 }, to = from;
    autolist char **words = NULL;
    (void)umask(077);
    int r = options_collect(options, command->bit, options->words, &words, &err);
    if (r == 0 && list_len(words) != 1)
        r = fail_caller(&err, EINVAL, "one directory is wanted; see cordon %s --help",
                        command->name);
    if (r == 0)
        r = (command->bit == COMMAND_BACKUP ? backup : restore)(options, words[0], &from, &to,
                                                                &err);
    side_close(&from);
    side_close(&to);
    if (r == 0)
        return 0;
    (void)fail_within(&err, "%s", command->name);
    return complain_error(&err);
}
