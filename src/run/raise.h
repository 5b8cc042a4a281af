/* SPDX-License-Identifier: Apache-2.0 */
/* raise.h - a limit that ended a run, for whoever wants to try again with more. */
#pragma once

#include <cordon/limits.h>
#include <cordon/outcome.h>

/* Who asked knows a limit by another name. */
enum asker { ASKER_PERSON, ASKER_CLIENT };

/* result_sentence(), and where a limit ended the run how far it came, and how to raise it:
 * "memory limit of 64M reached (peak 64 MB); --memory raises it, up to limits.memory of the
 * policy". `limits`: NULL where no box stood. The caller's; NULL where the script ended by itself.
 */
char *result_error(const struct outcome *outcome, const struct limits *limits, enum asker asker);

/* "--pids raises it, up to limits.pids of the policy", by a limit's name (limits.h); the caller's.
 */
char *limit_way_up(const char *limit, enum asker asker);
