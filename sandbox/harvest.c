/* SPDX-License-Identifier: Apache-2.0 */
/* harvest.c - walks the layer, with the workspace beside it, and decides entry by entry.
 *
 * The layer in overlayfs' terms (Documentation/filesystems/overlayfs.rst): a character
 * device 0:0 stands where something was removed; a directory is merged with the one below,
 * unless it is marked opaque; everything else is in place of what is below.
 *
 * It is walked twice: first everything is put that takes nothing away but the file it
 * replaces, then the rest is removed. What was moved is a removal in one place and an
 * addition in another, and nobody can tell; so if something could not be put, nothing is
 * removed.
 */
#include "harvest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "place.h"
#include "protect.h"
#include "str.h"
#include "trail.h"
#include "walk.h"

#define MARK_OPAQUE "user.overlay.opaque"
/* Copied from below. On a file it says nothing of its name, which may be another now; a
 * directory that is merged keeps its own. */
#define MARK_ORIGIN "user.overlay.origin"

/* Reading files to see whether they are the same; a run that touches more has changed them. */
#define COMPARE_BYTES_MAX (1024ULL * 1024 * 1024)

/* Of what lies in directories that were removed, when it is only to be listed. */
#define LISTED_MAX 1000000

enum pass { PASS_PUT, PASS_REMOVE };

/* A directory of the layer that we are in. */
struct level {
    enum pass pass; /* what is done here: what comes in place of a file is put in the second */
    bool lost;      /* it is not in the workspace, or is but may not be touched */
    bool chmod;     /* gets its permissions when everything is in it */
    mode_t mode;
};

struct harvest {
    const struct harvest_request *request;
    struct place place;
    struct changes *changes;
    struct walk *walk;  /* of the layer */
    struct trail there; /* the same directory in the workspace, while it is not lost */
    struct level *levels;
    size_t depth, room;
    enum pass pass;
    bool incomplete; /* something with content was not put */
    uint64_t compare;
    size_t listed;
};

/* --- what is told ----------------------------------------------------------------- */

/* Beside errno's own. */
enum { OF_PROTECTED = 5001, OF_DIRECTORY, OF_OTHERS };

static const struct {
    int code;
    const char *text;
} reasons[] = {
    { ESTALE, "it was changed on the host meanwhile" },
    { EDQUOT, "it is over the limit of the workspace's growth" },
    { ENAMETOOLONG, "its path is too long" },
    { EMEDIUMTYPE, "it is no file, link or directory" },
    { EXDEV, "something is mounted there" },
    { ECANCELED, "the run was cancelled" },
    { OF_PROTECTED, "such a file can run code for its owner" },
    { OF_DIRECTORY, "its directory was not" },
    { OF_OTHERS, "something else was not that may have been moved from there" },
};

static const char *reason(int code)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].text;
    return strerror(code);
}

/* `r` is what became of it: 0, or the -errno for which it was not applied. */
static void tell(struct harvest *harvest, const char *path, enum change_kind kind,
                 const struct stat *st, int r)
{
    bool directory = S_ISDIR(st->st_mode);
    bool sized = kind != CHANGE_REMOVED && (S_ISREG(st->st_mode) || S_ISLNK(st->st_mode));
    autofree char *name = directory ? xasprintf("%s/", path) : NULL;
    autofree char *note = NULL;
    if (harvest->request->keep && r < 0) {
        note = xasprintf("not applied: %s", reason(-r));
        harvest->changes->failed++;
        harvest->incomplete |= kind != CHANGE_REMOVED && (directory || sized);
    }
    changes_add(harvest->changes, name ? name : path, kind, sized ? (uint64_t)st->st_size : 0,
                note);
}

/* --- removal ---------------------------------------------------------------------- */

static int remove_one(struct harvest *harvest, int dir, const char *name, const struct stat *st)
{
    if (!harvest->request->keep)
        return 0;
    return harvest->incomplete ? -OF_OTHERS : place_remove(&harvest->place, dir, name, st);
}

/* All that lies in the workspace's directory `name`. */
static int remove_content(struct harvest *harvest, int dir, const char *name, const char *path)
{
    struct trail top;
    int r = trail_begin(&top, dir);
    if (r == 0)
        r = trail_down(&top, name);
    autowalk struct walk *walk = r == 0 ? walk_new(top.dir, harvest->request->path_max) : NULL;
    struct walk_entry entry;
    bool enough = false;
    while (r == 0 && !enough && (r = walk_next(walk, &entry)) > 0) {
        autofree char *full = xasprintf("%s/%s", path, entry.path);
        if (S_ISDIR(entry.st.st_mode) && !entry.left) {
            r = walk_enter(walk);
            if (r < 0)
                tell(harvest, full, CHANGE_REMOVED, &entry.st, r);
        } else {
            r = remove_one(harvest, entry.dir, entry.name, &entry.st);
            tell(harvest, full, CHANGE_REMOVED, &entry.st, r);
        }
        /* Each entry has said for itself what became of it. */
        r = stop_wanted(&harvest->place.stop) ? -ECANCELED : 0;
        enough = !harvest->request->keep && ++harvest->listed >= LISTED_MAX;
    }
    trail_end(&top);
    return r;
}

/* Something of the workspace that the run took away. 0 if it is gone. */
static int remove_tree(struct harvest *harvest, int dir, const char *name, const struct stat *st,
                       const char *path)
{
    int r = S_ISDIR(st->st_mode) ? remove_content(harvest, dir, name, path) : 0;
    if (r == 0)
        r = remove_one(harvest, dir, name, st);
    tell(harvest, path, CHANGE_REMOVED, st, r);
    return r;
}

/* An opaque directory hides what is below: of that, whatever the layer does not have. */
static int remove_hidden(struct harvest *harvest, const char *path)
{
    autowalk struct walk *walk = walk_new(harvest->there.dir, harvest->request->path_max);
    struct walk_entry entry;
    int r = 0;
    while (!stop_wanted(&harvest->place.stop) && (r = walk_next(walk, &entry)) > 0) {
        struct stat ours;
        if (fstatat(walk_directory(harvest->walk), entry.name, &ours, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        autofree char *full = xasprintf("%s/%s", path, entry.name);
        (void)remove_tree(harvest, entry.dir, entry.name, &entry.st, full);
    }
    return r;
}

/* --- the workspace beside the layer -------------------------------------------------- */

static struct level *level(struct harvest *harvest)
{
    return &harvest->levels[harvest->depth];
}

static void push(struct harvest *harvest, struct level below)
{
    if (++harvest->depth == harvest->room) {
        harvest->room *= 2;
        harvest->levels = xrealloc(harvest->levels, harvest->room * sizeof(*harvest->levels));
    }
    *level(harvest) = below;
}

/* What the workspace has under the entry's name. 1, 0 where there is nothing, -errno. */
static int look_up(const struct harvest *harvest, const struct walk_entry *entry, struct stat *ret)
{
    if (harvest->levels[harvest->depth].lost)
        return 0;
    if (fstatat(harvest->there.dir, entry->name, ret, AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    return errno == ENOENT ? 0 : -errno;
}

/* Why nothing can be put here, if so. */
static int standing(const struct harvest *harvest)
{
    return harvest->request->keep && harvest->levels[harvest->depth].lost ? -OF_DIRECTORY : 0;
}

/* --- directories ------------------------------------------------------------------------ */

static bool has_mark(int fd, const char *mark, const char *value)
{
    char text[8];
    ssize_t n = fgetxattr(fd, mark, text, sizeof(text));
    if (!value) /* a mark may be longer than the room, or empty */
        return n >= 0 || errno == ERANGE;
    return n == (ssize_t)strlen(value) && memcmp(text, value, (size_t)n) == 0;
}

/* A directory that the workspace does not have. */
static struct level new_directory(struct harvest *harvest, const struct walk_entry *entry,
                                  const char *path)
{
    bool keep = harvest->request->keep;
    int r = standing(harvest);
    if (r == 0 && keep)
        r = place_directory(&harvest->place, harvest->there.dir, entry->name);
    if (r == 0 && keep)
        r = trail_down(&harvest->there, entry->name);
    tell(harvest, path, CHANGE_ADDED, &entry->st, r);
    bool stands = keep && r == 0;
    return (struct level){ .lost = !stands,
                           .chmod = stands && harvest->pass == PASS_REMOVE,
                           .mode = entry->st.st_mode };
}

/* A directory that both have, the first time. */
static struct level merged_directory(struct harvest *harvest, const struct walk_entry *entry,
                                     const struct stat *old, const char *path)
{
    bool other_mode = ((old->st_mode ^ entry->st.st_mode) & 0777) != 0;
    int r = trail_down(&harvest->there, entry->name);
    bool lost = r < 0;
    /* Its owner has to get in until everything is done. */
    if (!lost && other_mode && harvest->request->keep)
        r = place_mode(&harvest->place, harvest->there.dir, entry->st.st_mode | 0700);
    if (r < 0 || other_mode)
        tell(harvest, path, CHANGE_CHANGED, &entry->st, r);
    return (struct level){ .lost = lost };
}

/* The same the second time. */
static struct level merged_again(struct harvest *harvest, const struct walk_entry *entry,
                                 const struct stat *old, const char *path)
{
    if (trail_down(&harvest->there, entry->name) < 0)
        return (struct level){ .pass = PASS_REMOVE, .lost = true };
    if (has_mark(walk_directory(harvest->walk), MARK_OPAQUE, "y"))
        (void)remove_hidden(harvest, path);
    return (struct level){ .pass = PASS_REMOVE,
                           .chmod = ((old->st_mode ^ entry->st.st_mode) & 0777) != 0,
                           .mode = entry->st.st_mode };
}

/* A directory where the workspace has something else. */
static struct level instead_directory(struct harvest *harvest, const struct walk_entry *entry,
                                      const struct stat *old, const char *path)
{
    int r = remove_tree(harvest, harvest->there.dir, entry->name, old, path);
    if (r == 0)
        return new_directory(harvest, entry, path);
    tell(harvest, path, CHANGE_ADDED, &entry->st, r);
    return (struct level){ .lost = true };
}

static void enter_directory(struct harvest *harvest, const struct walk_entry *entry,
                            const struct stat *old, int there)
{
    autofree char *path = xstrdup(entry->path);
    bool again = level(harvest)->pass == PASS_REMOVE;
    int r = walk_enter(harvest->walk);
    if (r < 0) {
        if (!again)
            tell(harvest, path, there ? CHANGE_CHANGED : CHANGE_ADDED, &entry->st, r);
        return;
    }
    int ours = walk_directory(harvest->walk);
    struct level below = { .lost = true };
    if (there && !S_ISDIR(old->st_mode))
        below = instead_directory(harvest, entry, old, path);
    else if (there)
        below = again ? merged_again(harvest, entry, old, path)
                      : merged_directory(harvest, entry, old, path);
    else if (!level(harvest)->lost && has_mark(ours, MARK_ORIGIN, NULL) &&
             !has_mark(ours, MARK_OPAQUE, "y"))
        tell(harvest, path, CHANGE_CHANGED, &entry->st, -ESTALE); /* removed on the host */
    else
        below = new_directory(harvest, entry, path);
    push(harvest, below);
}

/* 0, or -errno where the way back up in the workspace is lost. */
static int leave_directory(struct harvest *harvest)
{
    struct level left = *level(harvest);
    harvest->depth--;
    if (left.lost)
        return 0;
    if (left.chmod && harvest->request->keep)
        (void)!place_mode(&harvest->place, harvest->there.dir, left.mode);
    return trail_up(&harvest->there);
}

/* --- everything else ------------------------------------------------------------------------ */

static int put(struct harvest *harvest, const struct walk_entry *entry, const struct stat *old)
{
    int r = standing(harvest);
    if (r < 0 || !harvest->request->keep)
        return r;
    if (S_ISREG(entry->st.st_mode))
        return place_file(&harvest->place, entry->dir, entry->name, harvest->there.dir, old);
    if (S_ISLNK(entry->st.st_mode))
        return place_link(&harvest->place, entry->dir, entry->name, harvest->there.dir, old);
    return -EMEDIUMTYPE;
}

static void take_file(struct harvest *harvest, const struct walk_entry *entry,
                      const struct stat *old, int there)
{
    if (there && place_same(&harvest->place, entry->dir, harvest->there.dir, entry->name,
                            &entry->st, old, &harvest->compare))
        return;
    int r = 0;
    if (there && S_ISDIR(old->st_mode)) {
        r = remove_tree(harvest, harvest->there.dir, entry->name, old, entry->path);
        there = 0;
    }
    if (r == 0)
        r = put(harvest, entry, there ? old : NULL);
    tell(harvest, entry->path, there ? CHANGE_CHANGED : CHANGE_ADDED, &entry->st, r);
}

static bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static void put_entry(struct harvest *harvest, const struct walk_entry *entry,
                      const struct stat *old, int there)
{
    if (S_ISDIR(entry->st.st_mode))
        enter_directory(harvest, entry, old, there);
    else
        take_file(harvest, entry, old, there);
}

/* The second time: what goes away, and what comes in its place. */
static void remove_entry(struct harvest *harvest, const struct walk_entry *entry,
                         const struct stat *old)
{
    if (is_whiteout(&entry->st))
        (void)remove_tree(harvest, harvest->there.dir, entry->name, old, entry->path);
    else if (S_ISDIR(entry->st.st_mode) || S_ISDIR(old->st_mode))
        put_entry(harvest, entry, old, 1);
}

static void take(struct harvest *harvest, const struct walk_entry *entry)
{
    struct stat old;
    int there = look_up(harvest, entry, &old);
    bool whiteout = is_whiteout(&entry->st), again = level(harvest)->pass == PASS_REMOVE;
    bool replaces = there > 0 && S_ISDIR(old.st_mode) != S_ISDIR(entry->st.st_mode);
    /* What takes something away waits for the second pass, and that for what is there. */
    if (again ? there == 0 : whiteout || replaces)
        return;
    const struct harvest_request *request = harvest->request;
    bool covered = (entry->depth == 0 && protect_covers(request->protect, entry->name)) ||
                   protect_covers(request->protect_paths, entry->path);
    enum change_kind kind = whiteout ? CHANGE_REMOVED : there ? CHANGE_CHANGED : CHANGE_ADDED;
    bool told = again && !whiteout && !replaces;
    if ((there < 0 || covered) && !told)
        tell(harvest, entry->path, kind, whiteout && there > 0 ? &old : &entry->st,
             there < 0 ? there : -OF_PROTECTED);
    else if (there < 0 || covered)
        return;
    else if (again)
        remove_entry(harvest, entry, &old);
    else
        put_entry(harvest, entry, &old, there);
}

static int walk_layer(struct harvest *harvest, enum pass pass)
{
    struct walk_entry entry;
    autowalk struct walk *walk = walk_new(harvest->request->upper, harvest->request->path_max);
    int r = trail_begin(&harvest->there, harvest->request->workspace);
    harvest->walk = walk;
    harvest->pass = pass;
    harvest->depth = 0;
    harvest->levels[0] = (struct level){ .pass = pass };
    while (r == 0 && (r = walk_next(walk, &entry)) > 0) {
        r = stop_wanted(&harvest->place.stop) ? -ECANCELED : 0;
        if (r < 0)
            break;
        if (!entry.left)
            take(harvest, &entry);
        else
            r = leave_directory(harvest);
    }
    trail_end(&harvest->there);
    return r;
}

int harvest(const struct harvest_request *request, struct changes *ret, struct error *err)
{
    struct stat st;
    if (fstat(request->workspace, &st) < 0)
        return fail_host(err, "look at the workspace");
    struct harvest work = {
        .request = request,
        .place = { .root = request->root,
                   .uid = st.st_uid,
                   .gid = st.st_gid,
                   .since = request->since,
                   .room = request->room,
                   .stop = { .control = request->keep ? request->control : -1 } },
        .changes = ret,
        .compare = COMPARE_BYTES_MAX,
        .room = 16,
    };
    work.levels = xcalloc(work.room, sizeof(*work.levels));
    int r = walk_layer(&work, PASS_PUT);
    if (r == 0)
        r = walk_layer(&work, PASS_REMOVE);
    free(work.levels);
    changes_sort(ret);
    if (r == -ECANCELED)
        return fail_caller(err, ECANCELED, "cancelled");
    return r < 0 ? fail_host_as(err, -r, "read the run's writes: %s", reason(-r)) : 0;
}
