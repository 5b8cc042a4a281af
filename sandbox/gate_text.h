/* SPDX-License-Identifier: Apache-2.0 */
/* gate_text.h - texts that a client may read: what this host enforces, what a policy says. */
#pragma once

#include <cordon/launch.h>

#include "sandbox.h"

/* Answers a question that is about no file; *file gets a sealed memfd with the text, or -1.
 * Takes as long as it takes to try a box: not for the process that answers everybody. */
void gate_text(const struct sandbox *sandbox, const struct resolve *question,
               struct resolved *answer, int *file);
