/* SPDX-License-Identifier: Apache-2.0 */
/* filter_ranges.h - the part of a filter that looks at numbers alone, as a search among ranges.
 *
 * libseccomp compares with each number that a rule names, and rules name most of those that there
 * are. But neighbours mostly have the same answer: a search among ranges is half as long, and the
 * kernel compiles it at every start of a box.
 */
#pragma once

#include <stdbool.h>

#include "filter_parts.h"
#include "str.h"

/* Appends the last part (struct sock_filter): what is decided without looking at arguments. False
 * where it has too many ranges for the jumps of such a program; nothing is appended then. */
bool ranges_append(const struct call_table *table, struct str *program);
