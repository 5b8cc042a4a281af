/* SPDX-License-Identifier: Apache-2.0 */
/* hint.h - what to say to somebody whose script could not see its neighbours, or nobody at all. */
#pragma once

#include <stdbool.h>

#include <cordon/note.h>

/* Where the end of `output` says that a module was not found, and one of that
 * name lies in `directory`: the module's name, the caller's. Else NULL. */
char *hint_neighbour(const char *output, const char *directory);

/* Had the box no way out, and does the last line of `output` say that a name was not found or a
 * network not reached? */
bool hint_no_way_out(const struct started *started, const char *output);
