/* SPDX-License-Identifier: Apache-2.0 */
/* growth.h - how much a live workspace has grown under a run.
 *
 * No kernel says that without a quota, so three witnesses are asked, each of which may err
 * alone: the file system's free space (others use it too), the bytes that the box's
 * processes have written (they may have written the same place twice), and the size of
 * what in the workspace is younger than the run (it may have been there before). The limit
 * is reached when two of them say so. The first two cost microseconds; the third, a walk,
 * is only asked when one of the others has spoken, and in small pieces.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct growth;

/* Before the box starts; `workspace` is borrowed and may be O_PATH. */
struct growth *growth_watch(int workspace, uint64_t limit_bytes, struct timespec since);
void growth_free(struct growth *growth); /* NULL is fine */

/* Looks; true once the limit is reached, with what has grown at least in *bytes. */
bool growth_reached(struct growth *growth, pid_t init, uint64_t now, uint64_t *bytes);

/* When (now_ns) to look again: sooner the nearer the limit. */
uint64_t growth_next(const struct growth *growth);

/* For the layer limits.workspace_growth: how it is approximated on this host, or why not. */
const char *growth_layer(int workspace);
