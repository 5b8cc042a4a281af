/* SPDX-License-Identifier: Apache-2.0 */
/* named.c - one part of the path after the other; what was opened says where it is. */
#include "cmd/named.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/own.h>

#include "str.h"

#define MODE 0666

struct place {
    const char *workspace;
    int dir;
    bool inside; /* is `dir` in the workspace? */
};

static bool is_inside(int fd, const char *workspace)
{
    char link[32], real[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof(real) - 1);
    if (n < 0)
        return false;
    real[n] = '\0';
    return path_within(real, workspace);
}

/* The entry `name`, followed where it is a link; -EXDEV where that left the workspace.
 * ".." leaves it as well, but the caller wrote that. */
static int look_up(const struct place *place, const char *name, int flags)
{
    /* A link to /proc/self/fd would lead each process to another file. */
    struct open_how how = { .flags = (unsigned)flags | O_PATH | O_CLOEXEC,
                            .resolve = place->inside ? RESOLVE_NO_MAGICLINKS : 0 };
    int fd = (int)syscall(SYS_openat2, place->dir, name, &how, sizeof(how));
    if (fd < 0)
        return -errno;
    if (place->inside && strcmp(name, "..") != 0 && !is_inside(fd, place->workspace)) {
        close(fd);
        return -EXDEV;
    }
    return fd;
}

static int step_down(struct place *place, const char *name)
{
    int next = look_up(place, name, O_DIRECTORY);
    if (next < 0)
        return next;
    close(place->dir);
    place->dir = next;
    place->inside = is_inside(next, place->workspace);
    return 0;
}

/* The file itself, in the workspace. */
static int open_inside(const struct place *place, const char *name, int flags)
{
    autoclose int at = look_up(place, name, 0);
    if (at == -ENOENT && (flags & O_CREAT)) {
        /* Not through a link that leads nowhere yet. */
        int made = openat(place->dir, name, flags | O_EXCL | O_NOFOLLOW, MODE);
        return made < 0 ? -errno : made;
    }
    struct stat st;
    if (at < 0 || fstat(at, &st) < 0)
        return at < 0 ? at : -errno;
    /* A FIFO would have us wait, for ever. */
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return -EINVAL;
    char link[32];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
    int fd = open(link, flags & ~O_CREAT);
    return fd < 0 ? -errno : fd;
}

int named_open(const char *path, int flags, const char *workspace)
{
    flags |= O_CLOEXEC | O_NOCTTY;
    if (!workspace) {
        int fd = open(path, flags, MODE);
        return fd < 0 ? -errno : fd;
    }
    struct place place = { .workspace = workspace };
    place.dir = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place.dir < 0)
        return -errno;
    place.inside = is_inside(place.dir, workspace);
    autofree char *copy = xstrdup(path);
    char *rest = copy;
    const char *name = strsep(&rest, "/");
    int r = 0;
    for (; r == 0 && rest; name = strsep(&rest, "/"))
        if (*name)
            r = step_down(&place, name);
    if (r == 0 && *path && !*name)
        name = "."; /* it ends in a slash */
    if (r == 0 && place.inside)
        r = open_inside(&place, name, flags);
    else if (r == 0 && (r = openat(place.dir, name, flags, MODE)) < 0)
        r = -errno;
    close(place.dir);
    return r;
}

bool named_is(const char *path, int fd, const char *workspace)
{
    struct stat named, opened;
    autoclose int at = named_open(path, O_PATH, workspace);
    return at >= 0 && fstat(at, &named) == 0 && fstat(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* A command line has a handful of them. */
static struct {
    dev_t dev;
    ino_t ino;
} * kept;
static size_t kept_count;

void named_keep(const struct stat *script)
{
    kept = xrealloc(kept, (kept_count + 1) * sizeof(*kept));
    kept[kept_count].dev = script->st_dev;
    kept[kept_count++].ino = script->st_ino;
}

bool named_kept(const struct stat *file)
{
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].dev == file->st_dev && kept[i].ino == file->st_ino)
            return true;
    return false;
}

const char *named_problem(int code)
{
    if (code == EXDEV)
        return "a link in the workspace leads out of it";
    return code == EINVAL ? "neither a file nor a directory" : strerror(code);
}
