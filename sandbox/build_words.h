/* SPDX-License-Identifier: Apache-2.0 */
/* build_words.h - what uv says of packages that it cannot build, and what wheels are called.
 *
 * Pure. What is quoted comes from strangers and becomes parts of paths.
 */
#pragma once

#include "env_lock.h"

/* The innermost package that uv says it failed to build ("name==version" within
 * backquotes, the last in `text`): false where it says none. */
bool build_wanted(const char *text, struct package *ret);

/* A package that a build asked for and that is not there. */
bool build_missing(const char *text, char name[WORD_MAX + 1]);

/* Is `file` the name of a wheel of that package? */
bool wheel_is_of(const char *file, const char *name);
