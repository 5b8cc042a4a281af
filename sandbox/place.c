/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - writes to the workspace, in its owner's name. */
#include "place.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/random.h>

#include "kernel.h"

#define PERMISSIONS 0777

#define COPY_BYTES ((size_t)64 * 1024)

/* --- who acts ---------------------------------------------------------------- */

/* The file-system ids alone: they take root's powers over files along, and leave us
 * those to read the layer. There is one thread. */
static void as_owner(const struct place *place)
{
    if (!place->root)
        return;
    (void)setfsgid(place->gid);
    (void)setfsuid(place->uid);
}

static void as_ourselves(const struct place *place)
{
    if (!place->root)
        return;
    (void)setfsuid(0);
    (void)setfsgid(0);
}

/* --- what is there -------------------------------------------------------------- */

static bool is_after(struct timespec one, struct timespec other)
{
    return one.tv_sec != other.tv_sec ? one.tv_sec > other.tv_sec : one.tv_nsec > other.tv_nsec;
}

/* The entry is still the one that was looked at, and was there before the run. */
static int unchanged(const struct place *place, int to, const char *name, const struct stat *old)
{
    struct stat now;
    if (fstatat(to, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ESTALE : -errno;
    bool same = now.st_ino == old->st_ino && now.st_dev == old->st_dev &&
                (now.st_mode & S_IFMT) == (old->st_mode & S_IFMT);
    /* A directory is younger for every file in it: that it is the same has to do. */
    return !same || (!S_ISDIR(now.st_mode) && is_after(now.st_ctim, place->since)) ? -ESTALE : 0;
}

static int open_file(int dir, const char *name)
{
    struct open_how how = { .flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                       RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV };
    int fd = kernel_openat2(dir, name, &how);
    struct stat st;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EMEDIUMTYPE;
    }
    return fd;
}

/* --- a name until it is complete --------------------------------------------------- */

#define STAGED_NAME_MAX 40

static int staged_name(char out[STAGED_NAME_MAX])
{
    uint64_t number[2];
    if (getrandom(number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return -EIO;
    (void)snprintf(out, STAGED_NAME_MAX, ".cordon-%016llx%08x", (unsigned long long)number[0],
                   (unsigned)number[1]);
    return 0;
}

/* Not every file system can promise with a rename that nothing is replaced. */
static int rename_to_new(int to, const char *staged, const char *name)
{
    if (renameat2(to, staged, to, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL && linkat(to, staged, to, name, 0) == 0)
        return unlinkat(to, staged, 0) < 0 ? -errno : 0;
    return errno == EEXIST ? -ESTALE : -errno;
}

/* From its staged name to its own: in place of what is there, or of nothing. */
static int settle(const struct place *place, int to, const char *staged, const char *name,
                  const struct stat *old)
{
    int r = old ? unchanged(place, to, name, old) : rename_to_new(to, staged, name);
    if (r == 0 && old)
        r = renameat(to, staged, to, name) < 0 ? -errno : 0;
    if (r < 0)
        (void)unlinkat(to, staged, 0);
    return r;
}

/* A file without a name leaves nothing behind if we are killed; not every file system has
 * them. *staged is "" for one. */
static int make_file(int to, char staged[STAGED_NAME_MAX])
{
    staged[0] = '\0';
    int fd = openat(to, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL))
        return fd < 0 ? -errno : fd;
    int r = staged_name(staged);
    if (r == 0)
        r = openat(to, staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return r < 0 ? -errno : r;
}

/* Gives a file without a name its own, or a staged one where that is taken. */
static int name_file(const struct place *place, int fd, int to, const char *name,
                     const struct stat *old)
{
    char self[32], staged[STAGED_NAME_MAX];
    (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    int r = staged_name(staged);
    if (r < 0)
        return r;
    if (linkat(AT_FDCWD, self, to, old ? staged : name, AT_SYMLINK_FOLLOW) < 0)
        return errno == EEXIST ? -ESTALE : -errno;
    return old ? settle(place, to, staged, name, old) : 0;
}

/* --- a file ---------------------------------------------------------------------------- */

static int copy_range(struct place *place, int in, int out, off_t at, off_t end)
{
    static char buffer[COPY_BYTES];
    while (at < end) {
        size_t want = (size_t)(end - at) < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        ssize_t n = pread(in, buffer, want, at);
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if ((uint64_t)n > place->room)
            return -EDQUOT;
        if (stop_wanted(&place->stop))
            return -ECANCELED;
        ssize_t put = pwrite(out, buffer, (size_t)n, at);
        if (put <= 0)
            return put < 0 ? -errno : -ENOSPC;
        place->room -= (uint64_t)put;
        at += put;
    }
    return 0;
}

/* The data, where there is some: a stranger's file of a terabyte may be one hole. */
static int copy_data(struct place *place, int in, int out, off_t size)
{
    if (ftruncate(out, size) < 0)
        return -errno;
    for (off_t at = 0, end = 0; at < size; at = end) {
        at = lseek(in, at, SEEK_DATA);
        if (at < 0)
            return errno == ENXIO ? 0 : -errno;
        end = lseek(in, at, SEEK_HOLE);
        int r = end < 0 ? -errno : copy_range(place, in, out, at, end);
        if (r < 0)
            return r;
    }
    return 0;
}

static int fill(struct place *place, int in, int out)
{
    struct stat st;
    if (fstat(in, &st) < 0)
        return -errno;
    int r = copy_data(place, in, out, st.st_size);
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st.st_mtim };
    if (r == 0 && (fchmod(out, st.st_mode & PERMISSIONS) < 0 || futimens(out, times) < 0))
        r = -errno;
    return r;
}

int place_file(struct place *place, int from, const char *name, int to, const struct stat *old)
{
    autoclose int in = open_file(from, name);
    if (in < 0)
        return in;
    int r = old ? unchanged(place, to, name, old) : 0;
    if (r < 0)
        return r;
    char staged[STAGED_NAME_MAX];
    as_owner(place);
    autoclose int out = make_file(to, staged);
    r = out < 0 ? out : fill(place, in, out);
    if (r == 0)
        r = staged[0] ? settle(place, to, staged, name, old) : name_file(place, out, to, name, old);
    else if (out >= 0 && staged[0])
        (void)unlinkat(to, staged, 0);
    as_ourselves(place);
    return r;
}

/* --- everything else --------------------------------------------------------------------- */

int place_link(const struct place *place, int from, const char *name, int to,
               const struct stat *old)
{
    char target[PATH_MAX], staged[STAGED_NAME_MAX];
    ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);
    if (n < 0)
        return -errno;
    target[n] = '\0';
    int r = staged_name(staged);
    if (r < 0)
        return r;
    as_owner(place);
    if (symlinkat(target, to, old ? staged : name) < 0)
        r = errno == EEXIST ? -ESTALE : -errno;
    else if (old)
        r = settle(place, to, staged, name, old);
    as_ourselves(place);
    return r;
}

int place_directory(const struct place *place, int to, const char *name)
{
    as_owner(place);
    int r = mkdirat(to, name, 0700) < 0 ? -errno : 0;
    as_ourselves(place);
    return r == -EEXIST ? -ESTALE : r;
}

int place_mode(const struct place *place, int directory, mode_t mode)
{
    as_owner(place);
    int r = fchmod(directory, mode & PERMISSIONS) < 0 ? -errno : 0;
    as_ourselves(place);
    return r;
}

int place_remove(const struct place *place, int to, const char *name, const struct stat *old)
{
    int r = unchanged(place, to, name, old);
    if (r < 0)
        return r;
    as_owner(place);
    r = unlinkat(to, name, S_ISDIR(old->st_mode) ? AT_REMOVEDIR : 0) < 0 ? -errno : 0;
    as_ourselves(place);
    return r == -ENOENT || r == -ENOTEMPTY ? -ESTALE : r;
}

/* --- the same? ----------------------------------------------------------------------------- */

static bool same_bytes(struct stop *stop, int one, int other, off_t size, uint64_t *budget)
{
    static char a[COPY_BYTES], b[COPY_BYTES];
    for (off_t at = 0; at < size;) {
        ssize_t n = pread(one, a, sizeof(a), at);
        if (n <= 0 || (uint64_t)n > *budget || stop_wanted(stop) ||
            pread(other, b, (size_t)n, at) != n || memcmp(a, b, (size_t)n) != 0)
            return false;
        *budget -= (uint64_t)n;
        at += n;
    }
    return true;
}

bool place_same(struct place *place, int from, int to, const char *name, const struct stat *one,
                const struct stat *other, uint64_t *budget)
{
    if ((one->st_mode & S_IFMT) != (other->st_mode & S_IFMT) || one->st_size != other->st_size)
        return false;
    if (S_ISLNK(one->st_mode)) {
        char a[PATH_MAX], b[PATH_MAX];
        ssize_t n = readlinkat(from, name, a, sizeof(a));
        return n >= 0 && readlinkat(to, name, b, sizeof(b)) == n && memcmp(a, b, (size_t)n) == 0;
    }
    if (!S_ISREG(one->st_mode) || ((one->st_mode ^ other->st_mode) & PERMISSIONS))
        return false;
    autoclose int mine = open_file(from, name);
    autoclose int theirs = open_file(to, name);
    return mine >= 0 && theirs >= 0 && same_bytes(&place->stop, mine, theirs, one->st_size, budget);
}
