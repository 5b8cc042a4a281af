/* SPDX-License-Identifier: Apache-2.0 */
/* growth.h - how much a live workspace has grown under a run, in bytes and in files.
 *
 * No kernel says that without a quota, so witnesses are asked, each of which may err alone:
 * what the file system has left (others use it too), the bytes that the box's processes
 * have written (they may have written the same place twice), and what in the workspace is
 * younger than the run (it may have been there before). A limit is reached when two of them
 * say so; where the third sees that something is kept from it, the first alone decides, so
 * that hiding gains nothing. The first two cost microseconds; the third, a walk, is only asked when
 * one of the others has spoken, and in small pieces.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct growth;

enum grown { GROWN_BYTES, GROWN_FILES, GROWN_KINDS };

/* Before the box starts; `workspace` is borrowed and may be O_PATH. */
struct growth *growth_watch(int workspace, uint64_t bytes_limit, uint64_t files_limit,
                            struct timespec since);
void growth_free(struct growth *growth); /* NULL is fine */

/* Looks; true once a limit is reached: *what, and how much of it has come at least. */
bool growth_reached(struct growth *growth, pid_t init, uint64_t now, enum grown *what,
                    uint64_t *amount);

/* When (now_ns) to look again: sooner the nearer a limit. */
uint64_t growth_next(const struct growth *growth);

/* For the layer limits.workspace_growth: how it is approximated on this host, or why not. */
const char *growth_layer(int workspace);
