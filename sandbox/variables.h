/* SPDX-License-Identifier: Apache-2.0 */
/* variables.h - the environment of a payload: built from nothing, never inherited. */
#pragma once

#include <cordon/policy.h>

#include "sandbox.h"

/* cordon's own, with `zone` (NULL: UTC) < the policy's fixed ones < passed names < the request's. A
 * request's name that the policy does not accept is BLAME_POLICY and named. *ret is the caller's.
 */
int variables_make(const struct sandbox *sandbox, const struct policy *policy, const char *zone,
                   char *const *asked, char ***ret, struct error *err) must_check;

/* Sets NAME in a "NAME=value" list, replacing an earlier value. */
void variables_set(char ***list, const char *name, const char *value);

/* Where modules are found before those of the environment: the directory of inline code, or NULL,
 * and that of a project, or NULL, which is never installed. */
void variables_python_path(char ***list, const char *directory, const char *project);

/* The profile's program comes first; it takes itself out again (profile_program.h). */
void variables_profile(char ***list);
