/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - over what a name in a workspace leads, if it is a link.
 *
 * `.git -> conf/git` is only as safe as conf is: whoever renames that puts another .git
 * there. So each entry on the way matters, and the way is walked as the kernel would walk
 * it, entry by entry, but never outside of the workspace.
 */
#pragma once

#include <stdbool.h>

#include <cordon/error.h>

enum chain_kind {
    CHAIN_DIRECTORY, /* the way goes on in it */
    CHAIN_LINK,      /* the way goes on where it points to */
    CHAIN_TARGET,    /* the end */
    CHAIN_MISSING,   /* nothing is there yet that the way could go on with */
};

struct chain_entry {
    enum chain_kind kind;
    int at;           /* O_PATH; -1: missing */
    const char *path; /* beneath the workspace; both until the visit returns */
};

/* `path` is the workspace's own, canonical. A visit that returns something negative ends
 * the walk, which returns it. A way that leaves the workspace, or goes round in circles,
 * ends there: 0. */
int chain_walk(int workspace, const char *path, const char *name,
               int (*visit)(void *context, const struct chain_entry *entry, struct error *err),
               void *context, struct error *err) must_check;

/* What such names depend on, without the names themselves and the directories between:
 * links, targets, and what is missing. The caller's, NULL-ended; NULL: nothing. */
char **chain_paths(int workspace, const char *path, char *const *names);

/* Every entry on those ways, and which one it is, as a text: the same as long as none of them is
 * another, has come or has gone. The caller's. */
char *chain_print(int workspace, const char *path, char *const *names);
