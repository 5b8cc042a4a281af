/* SPDX-License-Identifier: Apache-2.0 */
/* plan_parts.h - what plan.c and the parts of it in other files share. */
#pragma once

#include "plan.h"

struct open_tree_request {
    const char *host, *inside, *why;
    int at; /* already open, or -1 */
    bool write, own, device, no_execution;
    bool as_owner; /* not only where others could not read it (git asks whose its files are) */
    bool overlay;  /* as the lower layer of one */
    bool optional; /* left out where the host has none */
};

/* Is something mounted there already? */
bool plan_mounted(const struct root_plan *root, const char *inside);

/* Opens, clones and adds one tree of the host. */
int plan_add_tree(const struct identity *identity, struct root_plan *root,
                  const struct open_tree_request *wanted, struct error *err) must_check;

/* Adds the request's workspace in its policy's mode, and what of it is protected. */
int plan_workspace(const struct plan_request *request, struct plan *plan,
                   struct error *err) must_check;
