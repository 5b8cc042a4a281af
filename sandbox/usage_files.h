/* SPDX-License-Identifier: Apache-2.0 */
/* usage_files.h - what the processes of a box do to file systems, read from /proc.
 *
 * A stranger decides how much there is to read: of each kind only so much is looked at, and
 * what comes out is a lower bound then.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes that they, and those they have waited for, have written to file systems on a
 * device; what was cut off before it reached one is taken back. 0 where the kernel does
 * not count (CONFIG_TASK_IO_ACCOUNTING). */
uint64_t files_written(pid_t init);

/* Bytes in files of this device that have no name any more and are held open. */
uint64_t files_unlinked(pid_t init, dev_t device);

/* True if they keep files where nobody can measure them: mapped without a name and
 * without a descriptor, or in a socket on their way to somebody. */
bool files_hidden(pid_t init, dev_t device);
