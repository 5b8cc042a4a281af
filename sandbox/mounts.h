/* SPDX-License-Identifier: Apache-2.0 */
/* mounts.h - the box's file tree: detached mounts opened by the parent, attached by the child.
 *
 * Nothing is mounted by path: what a stranger can influence is opened once,
 * beneath a descriptor, and cloned from there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

enum mount_kind {
    MOUNT_TREE,    /* a clone of something on the host */
    MOUNT_OVERLAY, /* the same as the lower layer of one, with an upper layer */
    MOUNT_ANCHOR,  /* a directory of what is mounted there, on itself: it cannot be moved away */
    MOUNT_SCRATCH, /* a directory of the one bounded tmpfs, the root's */
    MOUNT_PROC,
    MOUNT_PROC_FULL,
    MOUNT_PTS,
};

struct mount {
    enum mount_kind kind;
    char *inside; /* absolute, canonical; attached in the order of the list */
    int tree;     /* of TREE and OVERLAY: detached, with its attributes set; else -1 */
    int upper;    /* of OVERLAY: the detached tmpfs for writes (upper.h); else -1 */
    bool directory;
    bool write;
    bool owned; /* its mount point is the caller's: if it has gone, it is not made */
};

struct made_link {
    const char *path, *target;
};

struct made_file {
    const char *path;
    char *text;
    size_t len;
};

/* What the child needs to build the root. */
struct root_plan {
    struct mount *mounts;
    size_t mount_count;
    struct made_link links[24]; /* borrowed or static strings */
    size_t link_count;
    struct made_file files[12];
    size_t file_count;
    int script;            /* memfd to copy, or -1 */
    bool script_later;     /* none yet: an empty file, which root_build() gives for writing */
    const char *script_at; /* absolute, inside */
    bool script_covers;    /* the operator shows what may lie there */
    uint64_t scratch_bytes, scratch_inodes;
};

struct tree_options {
    bool write;
    bool no_execution;
    bool device; /* a device node: stays one; everything else is nodev */
    int idmap;   /* user namespace for an id-mapped clone, or -1 */
};

/* A detached tmpfs; the descriptor or -errno. A size of "0" would be without limit. */
int tmpfs_make(const char *size, const char *inodes, unsigned attributes);

/* A detached clone of what `at` (O_PATH or better) refers to, or where that is negative of what
 * lies at `path`, with its sub-mounts; the descriptor, or -errno and errno. */
int tree_clone(int at, const char *path);

/* What a box may do with a clone that is attached nowhere yet. `name` is for errors. */
int tree_confine(int tree, const struct tree_options *options, const char *name,
                 struct error *err) must_check;

/* Appends; takes `inside` and `tree`. */
void mounts_add(struct root_plan *root, enum mount_kind kind, char *inside, int tree,
                bool directory, bool write);

void root_plan_done(struct root_plan *root);

/* In the child, with the maps in force: builds the tree and enters it. Returns 0 or
 * -errno; *what then names the object. *later: of a script that comes later, the caller's, through
 * a mount of its own, so that the box's can be read-only; else -1. */
int root_build(const struct root_plan *root, int *later, const char **what);
