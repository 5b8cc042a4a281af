/* SPDX-License-Identifier: Apache-2.0 */
/* hint.h - what to say to somebody whose script could not see its neighbours. */
#pragma once

/* Where the end of `output` says that a module was not found, and one of that
 * name lies in `directory`: the module's name, the caller's. Else NULL. */
char *hint_neighbour(const char *output, const char *directory);
