/* SPDX-License-Identifier: Apache-2.0 */
/* hidden.h - shared memory that a box holds and none of its processes shows.
 *
 * The pages of a shared anonymous mapping live as long as somebody maps it, also when
 * everybody who touched them let go of them again (madvise(2), MADV_DONTNEED): then they
 * are in no counter of a process. Where a control group counts, this is not needed.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* All shared memory of the host, files of a tmpfs included (sysinfo(2)). */
uint64_t host_shared_bytes(void);

/* What the shared anonymous mappings of a box could hold at most, each counted once, in
 * whichever processes it is mapped. */
uint64_t tree_shared_bytes(pid_t init);
