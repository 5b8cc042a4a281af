/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - a tree beneath a descriptor, entry by entry, however deep a stranger made it.
 *
 * It goes along a trail (trail.h): no link is followed, no mount entered, one directory
 * open at a time. Memory grows with the depth, at most WALK_LEVEL_BYTES a level. A level
 * that it came back to goes on where it was, also when entries were removed meanwhile.
 *
 *     struct walk *walk = walk_new(top, PATH_MAX);
 *     while ((r = walk_next(walk, &entry)) > 0)
 *         if (S_ISDIR(entry.st.st_mode) && !entry.left)
 *             (void)walk_enter(walk);
 *     walk_free(walk);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cordon/own.h>

/* Names of one directory are read so many bytes at a time. */
#define WALK_LEVEL_BYTES 4096

struct walk_entry {
    int dir;          /* the open directory in which `name` lies; the walk's own */
    const char *name; /* both until the next call */
    const char *path; /* beneath the top; "" where the walk keeps no paths */
    size_t depth;     /* 0: directly in the top */
    struct stat st;   /* of the entry itself */
    bool left;        /* a directory that was entered, after all that is in it; dir and name
                       * are its own place again */
};

struct walk;

/* `top` is borrowed. Paths are kept up to `path_max` bytes and nothing is entered
 * beyond; 0: no paths, any depth. */
struct walk *walk_new(int top, size_t path_max);

/* 1 and an entry, 0 at the end, -errno: what cannot be read, or ESTALE where a directory
 * went elsewhere meanwhile. What vanishes between being read and being looked at is skipped. */
int walk_next(struct walk *walk, struct walk_entry *ret) must_check;

/* The next entries are those in the directory that came last. -errno where it cannot be
 * opened, ENAMETOOLONG beyond path_max; the walk goes on behind it then. */
int walk_enter(struct walk *walk) must_check;

/* The directory that walk_enter() has just opened. */
int walk_directory(const struct walk *walk);

void walk_free(struct walk *walk);

static inline void own_walk(struct walk **walk)
{
    walk_free(*walk);
}
#define autowalk __attribute__((cleanup(own_walk)))
