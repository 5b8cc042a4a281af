/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - what one cordon-sandbox process knows about itself and its host.
 *
 * Made once at start (sandbox_init), read-only afterwards; supervisors inherit it by fork.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cordon/error.h>
#include <cordon/hatch.h>

#include "cgroup_place.h"
#include "config.h"

struct sandbox {
    struct config config;
    bool root; /* uid 0 with ids to give away: outside ids come from the slots */
    uid_t uid; /* who started us */
    gid_t gid;
    char *state;        /* absolute path of STATE/gate */
    int state_fd;       /* the same, O_PATH */
    char **policy_dirs; /* searched in this order, NULL-ended */
    char **settings;    /* the operator's environment as it was at start, "NAME=value": index,
                         * proxy and certificate settings are picked from it for prepare boxes
                         * (uv.h) and names of a policy's environment.pass; nothing else may */
    char **roots;       /* canonical directories that a client may name something beneath */
    struct cgroup_places cgroups; /* where boxes get their groups */
    struct footing footing; /* of a gate, as it was started: before it changed anything of that */
    char *rights;           /* likewise (hatch_rights()) */
    bool oneshot;           /* `cordon-sandbox run`: the caller is the operator */
};

/* Reads the configuration, finds the directories, captures and then clears the
 * environment, and (sandbox_enter) makes the mount namespace whose children
 * boxes are; as a user that needs one user namespace of our own first. */
struct sandbox_options {
    const char *config, *state, *policies; /* NULL: the default places */
    char **roots;                          /* --root, before the configuration's; or NULL */
    bool oneshot;
};
int sandbox_init(const struct sandbox_options *options, struct sandbox *ret,
                 struct error *err) must_check;
int sandbox_enter(const struct sandbox *sandbox, struct error *err) must_check;
void sandbox_done(struct sandbox *sandbox);

/* The value of NAME in a "NAME=value" list, or NULL. */
const char *env_get(char *const *list, const char *name);
