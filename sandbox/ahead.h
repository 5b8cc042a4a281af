/* SPDX-License-Identifier: Apache-2.0 */
/* ahead.h - who watches limits does not wait in line behind what it watches.
 *
 * A box may keep every processor busy, and so may others on this host; a limit of time acts
 * within 10 ms all the same. So the watcher asks for short turns, which come sooner (Linux
 * 6.12), and as root for the best priority of ordinary processes. It has no real-time
 * priority: where the kernel waits for somebody by trying again (as d_invalidate() does when a
 * process ends whose /proc files are being read) it would keep him from ever running. What may
 * not be had is done without. Nothing of it is handed on to children.
 */
#pragma once

#include <sys/types.h>

/* `pid` 0: the caller itself. */
void ahead_begin(pid_t pid);
void ahead_end(pid_t pid);
