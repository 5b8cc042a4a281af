/* SPDX-License-Identifier: Apache-2.0 */
/* infer_failed.h - inferred packages that could lately not be installed.
 *
 * A host without a way to its index must not pay uv's patience for every script
 * that has an import for the case that it is there.
 */
#pragma once

#include "python.h"

#define INFER_FAILED_LATELY_S 300

/* Why it failed, the caller's; NULL: it did not, or not lately. */
char *infer_failed_lately(const struct sandbox *sandbox, const struct python *python,
                          char *const *requirements);

void infer_failed(const struct sandbox *sandbox, const struct python *python,
                  char *const *requirements, const char *reason);
