/* SPDX-License-Identifier: Apache-2.0 */
/* missing.h - a script that ended because a module was not there, and what to say then. */
#pragma once

#include <cordon/note.h>

/* The top-level module that the last ModuleNotFoundError in `errors` names, the
 * caller's; NULL: none. A script can write anything there. */
char *missing_module(const char *errors);

/* The hint of the supervisor's that is about the module for want of which the
 * script failed; NULL: there is nothing to say. */
const char *missing_hint(const struct started *started, const struct outcome *outcome,
                         const char *errors);
