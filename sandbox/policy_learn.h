/* SPDX-License-Identifier: Apache-2.0 */
/* policy_learn.h - between running a command to see what it is denied, and saying so. */
#pragma once

#include <cordon/outcome.h>

#include "policy_propose.h"

struct learning {
    const char *policy_file; /* or by name: */
    const char *policy;
    const char *directory; /* the workspace, or NULL */
    char *const *argv;
};

/* Runs the command in a box; its output goes to standard error. Denied calls go into
 * *denials, which must be shared memory and denials_init()ed. */
int learn_run(const struct sandbox *sandbox, const struct learning *learning,
              struct denials *denials, struct outcome *outcome, struct error *err) must_check;
