/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - the names of a directory, and of those in it. */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "str.h"
#include "trail.h"

/* As getdents64(2) writes it. */
struct name_record {
    uint64_t inode;
    int64_t next; /* where the directory goes on behind this one */
    unsigned short length;
    unsigned char type;
    char name[];
};

/* A directory that is being read, the deepest or one above it. */
struct level {
    char *names; /* records that are read and not yet looked at */
    size_t at, len;
    off_t position;  /* of the directory behind those */
    size_t path_len; /* of its own path */
};

struct walk {
    struct trail trail;
    struct level *levels; /* one more than the trail is deep */
    size_t room;
    int trouble; /* -errno that ended the walk */
    size_t path_max;
    struct str path; /* of the entry that came last */
    char name[1024]; /* the same, its name: NAME_MAX, and what some file systems allow beyond */
};

struct walk *walk_new(int top, size_t path_max)
{
    struct walk *walk = xcalloc(1, sizeof(*walk));
    walk->path_max = path_max;
    walk->room = 16;
    walk->levels = xcalloc(walk->room, sizeof(*walk->levels));
    walk->trouble = trail_begin(&walk->trail, top);
    return walk;
}

void walk_free(struct walk *walk)
{
    if (!walk)
        return;
    for (size_t i = 0; i <= walk->trail.depth; i++)
        free(walk->levels[i].names);
    free(walk->levels);
    str_done(&walk->path);
    trail_end(&walk->trail);
    free(walk);
}

int walk_directory(const struct walk *walk)
{
    return walk->trail.dir;
}

static struct level *deepest(struct walk *walk)
{
    return &walk->levels[walk->trail.depth];
}

/* --- names -------------------------------------------------------------------- */

/* More records for the deepest level. 1, 0 at its end, -errno. */
static int read_names(struct walk *walk)
{
    struct level *level = deepest(walk);
    char buffer[WALK_LEVEL_BYTES];
    long n = syscall(SYS_getdents64, walk->trail.dir, buffer, sizeof(buffer));
    if (n <= 0)
        return n < 0 ? -errno : 0;
    level->position = lseek(walk->trail.dir, 0, SEEK_CUR);
    level->names = xrealloc(level->names, (size_t)n);
    memcpy(level->names, buffer, (size_t)n);
    level->at = 0;
    level->len = (size_t)n;
    return 1;
}

static bool is_dot(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* The next name of the deepest level, with its path. 1, 0 at its end, -errno. */
static int next_name(struct walk *walk)
{
    struct level *level = deepest(walk);
    const struct name_record *record;
    do {
        if (level->at == level->len) {
            int r = read_names(walk);
            if (r <= 0)
                return r;
        }
        record = (const void *)(level->names + level->at);
        level->at += record->length;
    } while (is_dot(record->name) || strlen(record->name) >= sizeof(walk->name));
    memcpy(walk->name, record->name, strlen(record->name) + 1);
    if (walk->path_max == 0)
        return 1;
    walk->path.len = level->path_len;
    if (walk->path.len > 0)
        str_putc(&walk->path, '/');
    str_puts(&walk->path, walk->name);
    return 1;
}

/* --- down and up ----------------------------------------------------------------- */

/* A level above another keeps only what it still has to look at. */
static void shrink(struct level *level)
{
    level->len -= level->at;
    if (level->len > 0) {
        memmove(level->names, level->names + level->at, level->len);
        level->names = xrealloc(level->names, level->len);
    } else {
        free(level->names);
        level->names = NULL;
    }
    level->at = 0;
}

int walk_enter(struct walk *walk)
{
    if (walk->path_max > 0 && walk->path.len > walk->path_max)
        return -ENAMETOOLONG;
    struct level *above = deepest(walk);
    int r = trail_down(&walk->trail, walk->name);
    if (r < 0)
        return r;
    shrink(above);
    if (walk->trail.depth == walk->room) {
        walk->room *= 2;
        walk->levels = xrealloc(walk->levels, walk->room * sizeof(*walk->levels));
    }
    *deepest(walk) = (struct level){ .path_len = walk->path.len };
    return 0;
}

/* Back to where the directory above was read to. */
static int go_up(struct walk *walk)
{
    struct level *left = deepest(walk), *above = left - 1;
    int r = trail_up(&walk->trail);
    if (r < 0)
        return r;
    free(left->names);
    if (lseek(walk->trail.dir, above->position, SEEK_SET) < 0)
        return -errno;
    if (walk->path_max > 0) {
        walk->path.len = left->path_len;
        walk->path.data[walk->path.len] = '\0';
        const char *slash = strrchr(walk->path.data, '/');
        const char *name = slash ? slash + 1 : walk->path.data;
        memcpy(walk->name, name, strlen(name) + 1);
    }
    return 0;
}

/* --- one step ---------------------------------------------------------------------- */

static int look_at(struct walk *walk, bool left, struct walk_entry *ret)
{
    *ret = (struct walk_entry){
        .dir = walk->trail.dir,
        .name = walk->name,
        .path = walk->path_max > 0 ? walk->path.data : "",
        .depth = walk->trail.depth,
        .left = left,
    };
    if (fstatat(walk->trail.dir, walk->name, &ret->st, AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    return errno == ENOENT ? 0 : -errno;
}

int walk_next(struct walk *walk, struct walk_entry *ret)
{
    int r = walk->trouble;
    while (r == 0) {
        bool left = false;
        r = next_name(walk);
        if (r == 0) {
            if (walk->trail.depth == 0)
                return 0;
            r = go_up(walk);
            left = true;
        }
        /* Without paths nobody knows any more what the directory was called. */
        bool nameless = left && walk->path_max == 0;
        if (r >= 0)
            r = nameless ? 0 : look_at(walk, left, ret);
    }
    if (r < 0)
        walk->trouble = r;
    return r;
}
