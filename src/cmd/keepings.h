/* SPDX-License-Identifier: Apache-2.0 */
/* keepings.h - what a server keeps of its jobs: records, output, and who tidies up. */
#pragma once

#include "config.h"
#include "job/output.h"
#include "job/store.h"
#include "job/tidy.h"

struct keepings {
    struct store *store; /* never NULL once made */
    struct outputs *outputs;
    struct tidy *tidy; /* or NULL */
};

/* Before the cage closes, after Landlock. `front` is borrowed, -1 with the reason why there is
 * none: a server serves on without its store, and each use of it says why. */
int keepings_make(int front, const struct error *reason, const struct config *config,
                  struct keepings *ret, struct error *err) must_check;

/* Inside the cage: reads what others have written. Says in a line where that is impossible;
 * `path` is where they lie. */
void keepings_connect(struct keepings *keepings, const char *path);
void keepings_done(struct keepings *keepings);
