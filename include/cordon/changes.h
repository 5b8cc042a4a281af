/* SPDX-License-Identifier: Apache-2.0 */
/* changes.h - what a run did to its workspace, as a bounded list.
 *
 * A run may touch a million files; what is told of them is the first
 * CHANGES_MAX, no more bytes than CHANGES_BYTES_MAX, and how many more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGES_MAX       10000
#define CHANGES_BYTES_MAX (1024 * 1024) /* of all paths and remarks together */

enum change_kind { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED };

/* "added" "changed" "removed" */
const char *change_kind_name(enum change_kind kind);

struct change {
    char *path; /* beneath the workspace, any bytes; a directory's ends with a slash */
    enum change_kind kind;
    uint64_t bytes; /* size of the file as the run left it; 0 where there is none */
    char *note; /* why it is not in the workspace, or what its owner should know; NULL: nothing */
};

/* Where the change list of a run goes. */
enum changes_fate {
    CHANGES_LIVE,    /* written as they happened; the list has only what deserves a remark */
    CHANGES_APPLIED, /* the workspace has them now, but for those whose note says why not */
    CHANGES_DROPPED, /* the workspace is as it was */
};

/* Owned by whoever made it; a zeroed one is empty. */
struct changes {
    enum changes_fate fate;
    struct change *list;
    size_t count;
    size_t bytes;    /* of the list's texts */
    uint64_t more;   /* changes that did not fit into the list */
    uint64_t failed; /* of all: those that should have been applied and were not */
};

/* Appends copies, or counts where the list is full. */
void changes_add(struct changes *changes, const char *path, enum change_kind kind, uint64_t bytes,
                 const char *note);

/* By path, so that a list reads the same whatever order a directory was read in. */
void changes_sort(struct changes *changes);

/* Moves the entries of `part` to the end of `into`, as far as there is room; the
 * totals of the last part count. `part` is left empty. */
void changes_join(struct changes *into, struct changes *part);

void changes_done(struct changes *changes);
