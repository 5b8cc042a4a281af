/* SPDX-License-Identifier: Apache-2.0 */
/* written.h - what an errand may write into directories of the host.
 *
 * Its policy's limits workspace_growth and inodes hold for all of them together, as far
 * as the witnesses of growth.h see it, and for each alone in any case.
 */
#pragma once

#include "errand.h"
#include "growth.h"

#define WRITTEN_MAX 8

struct written_bound {
    const char *policy;
    struct limits limits;
    bool is_room; /* workspace_growth is less than the policy's: what all environments may take */
};

struct written {
    struct written_bound bound;
    struct growth *growth[WRITTEN_MAX];
    int directories[WRITTEN_MAX];
    size_t count;
    uint64_t before[GROWN_KINDS]; /* was there, and counts */
    bool reached;
    enum grown what;
    uint64_t amount;
};

/* Right before the box starts. EDQUOT where nothing is left of a limit. *ret is the
 * caller's, written_done(), also after failure. */
int written_begin(const struct sandbox *sandbox, const struct errand *errand,
                  const struct limits *limits, struct written *ret, struct error *err) must_check;

/* For struct supervision, with a struct written as context. */
bool written_look(void *written, pid_t init, uint64_t now, uint64_t *next);

/* After the box: EDQUOT and a sentence where a limit was reached. */
int written_judge(const struct written *written, struct error *err) must_check;
void written_done(struct written *written);

/* What a policy leaves to all errands that make the directory `path`, when they are through. */
int written_fits(const struct sandbox *sandbox, const char *policy, const char *path,
                 uint64_t *bytes, struct error *err) must_check;
