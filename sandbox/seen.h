/* SPDX-License-Identifier: Apache-2.0 */
/* seen.h - CPU time of every process that was ever seen in a box.
 *
 * What a process used is lost when it is reaped and nobody has waited for it, as after
 * signal(SIGCHLD, SIG_IGN): then no counter of a living one has it. Here it stays, as far
 * as it was seen; it is never more than was used. What lived and died between two looks is
 * not in it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct seen;

/* The caller's; NULL may be given back. */
struct seen *seen_new(void);
void seen_free(struct seen *seen);

/* A process is there: what it has used itself, in ns (clock_getcpuclockid(3)); 0 where it has
 * gone. `seen` may be NULL. */
uint64_t seen_note(struct seen *seen, pid_t pid);

/* All that are there were noted: what everybody used that was ever seen, or more, as far as the
 * other count shows that somebody was missed: `counted_ns`, made by the same look, of the living
 * and of those they have waited for, which is no more than the truth either. */
uint64_t seen_used_ns(struct seen *seen, uint64_t counted_ns);
