/* SPDX-License-Identifier: Apache-2.0 */
/* trail.h - down into a tree by name and back up by "..", with one descriptor.
 *
 * A stranger decides how deep a tree is, so that a descriptor per level is no plan.
 * Going up, the directory must be the one that was left, by device and inode: if it was
 * moved meanwhile the trail is lost, and says so. No link is followed, no mount entered.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <cordon/own.h>

struct trail {
    int dir; /* the directory we are in, for reading; its own */
    size_t depth, room;
    struct directory_id {
        dev_t device;
        ino_t inode;
    } * above; /* those on the way, the top first */
};

/* All return 0 or -errno. `top` is borrowed and may be O_PATH. */
int trail_begin(struct trail *trail, int top) must_check;
int trail_down(struct trail *trail, const char *name) must_check; /* stays where it is on failure */
int trail_up(struct trail *trail) must_check;                     /* ESTALE: moved meanwhile */
void trail_end(struct trail *trail);
