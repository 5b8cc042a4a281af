/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - who a box is: inside always 1000, outside never root.
 *
 * As root each box takes a slot (slots.h): one id of a reserved range, held
 * by `lock`. As a user the outside id is the user's own.
 */
#pragma once

#include "sandbox.h"

#define INSIDE_ID 1000

struct identity {
    uid_t uid; /* outside */
    gid_t gid;
    bool root; /* the launcher is root: supplementary groups can be dropped */
    int slot;  /* -1 as a user */
    int lock;  /* open file that holds the slot, or -1 */
};

/* Where all slots are taken: with `wait` until there is one, or `control` (stop.h; or -1) ends
 * that; else it fails. */
int identity_take(const struct sandbox *sandbox, int control, bool wait, struct identity *ret,
                  struct error *err) must_check;
void identity_drop(struct identity *identity);

/* Writes the maps of a child that has just been cloned with CLONE_NEWUSER; 0: our own. */
int identity_map(const struct identity *identity, pid_t child, struct error *err) must_check;

/* A user namespace for MOUNT_ATTR_IDMAP under which files of `owner`:`group` on
 * disk are the box's own. Returns a descriptor. Root only. */
int identity_idmap(const struct identity *identity, uid_t owner, gid_t group,
                   struct error *err) must_check;

/* In the child, after the maps stand. */
int identity_assume(const struct identity *identity);

/* Writes "inside outside 1" lines; shared with sandbox_enter(). */
int identity_write_maps(const char *proc_dir, bool deny_setgroups, uid_t inside_uid, uid_t uid,
                        gid_t inside_gid, gid_t gid, struct error *err) must_check;
