/* SPDX-License-Identifier: Apache-2.0 */
/* processes.h - which processes of a run are told apart. */
#pragma once

#include "chart/document.h"

struct json_object;

/* Fills `named` and `others` from the rows that `samples` were read from. A run of a single
 * process has none. */
void processes_name(struct json_object *rows, struct measured *measured);

/* Its place in `named`, or named_count for one of the others. */
size_t process_index(const struct measured *measured, long pid);
