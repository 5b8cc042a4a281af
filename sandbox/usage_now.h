/* SPDX-License-Identifier: Apache-2.0 */
/* usage_now.h - one reading of what a box uses, from the best source there is. */
#pragma once

#include <sys/types.h>

#include <cordon/outcome.h>

#include "cgroup.h"

/* As in NOTE_SAMPLE (note.h), but for its wall_ns. */
void usage_now(pid_t init, const struct cgroup *cgroup, struct usage *ret);
