/* SPDX-License-Identifier: Apache-2.0 */
/* usage_files.h - what the processes of a box do to file systems, read from /proc.
 *
 * A stranger decides how much there is to read: of each kind only so much is looked at, and
 * what comes out is a lower bound then, and said to be one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that they, and those they have waited for, have written to file systems on a
 * device; what was cut off before it reached one is taken back. 0 where the kernel does
 * not count (CONFIG_TASK_IO_ACCOUNTING). */
uint64_t files_written(pid_t init);

/* *bytes in files of this device that have no name any more and are held open. False where
 * that is not all: a process cannot be looked at, or has more than is looked at. */
bool files_unlinked(pid_t init, dev_t device, uint64_t *bytes);

/* True if they keep, or may keep, files where nobody can measure them: mapped without a name
 * and without a descriptor, in a socket on their way to somebody, or in a process that
 * cannot be looked at (not dumpable, prctl(2)). */
bool files_hidden(pid_t init, dev_t device);
