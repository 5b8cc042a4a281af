/* SPDX-License-Identifier: Apache-2.0 */
/* branching.h - boxes that are forked from a waiting interpreter (branch_order.h says how).
 *
 * The stem is an ordinary box's payload with three differences, all in stem_plan(): no Landlock,
 * because under it nothing can be mounted, whatever capabilities a new namespace gives; a filter
 * that opens what making a box needs; and room in its limits for what is made. It never has a
 * capability, and no stranger's code ever runs in it.
 */
#pragma once

#include <sys/resource.h>

#include "box.h"

/* Beside what the policy allows a payload: the stem, its pid 1 and a branch's. */
#define STEM_PROCESSES 3

/* Where the stem's box has the library. */
#define STEM_LIBRARY "/box/standing/cordon-branch.so"

#define STEM_NAMESPACES 7

/* The keeper's hold on it. `sock` is the caller's. */
struct stem {
    int sock;
    uint64_t ns; /* CPU time of the stem itself, as last told */
    bool looked_at;
    ino_t namespaces[STEM_NAMESPACES]; /* its own, which none of a branch may be */
};

/* Where the library lies beside this program, or NULL with the reason; the caller's. */
char *stem_library(struct error *err);

/* May a payload of this plan be forked? The reason why not, or NULL. */
const char *stem_obstacle(const struct plan *plan);

/* The limits of the groups that it shares with its branches, until cgroup_widen() knows better. */
struct limits stem_limits(const struct limits *limits);

/* Turns the plan of a box into that of the stem's. */
int stem_plan(struct plan *plan, struct error *err) must_check;

/* A branch with the shape of `plan`, standing, and seen from outside to be apart from the stem's
 * box. *ret is ended by box_done(), as any. */
int branch_stand(struct stem *stem, const struct plan *plan, struct box *ret,
                 struct error *err) must_check;

/* The order: what is in `plan` and its shape does not say. `text` is for the Python side. */
int branch_order(const struct box *box, const struct plan *plan, const void *text, size_t len,
                 struct error *err) must_check;

/* The branch's pid 1 has ended: its figures as wait4(2) has them. */
int branch_reap(struct stem *stem, struct rusage *ret);
