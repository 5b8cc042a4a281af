/* SPDX-License-Identifier: Apache-2.0 */
/* peak.h - the peak of a control group's memory without the page cache in it.
 *
 * The kernel keeps the peak of all of it; page cache it only tells of now. Of a peak that came
 * between two looks no more was page cache than at one of them, as long as page cache only
 * grows or only shrinks in between.
 *
 * A zeroed struct has seen nothing.
 */
#pragma once

#include <stdint.h>

struct peak {
    uint64_t whole; /* bytes: the kernel's own peak */
    uint64_t least; /* without page cache; never more than `whole` */
    uint64_t cache; /* at the last look */
};

/* One look: the kernel's peak so far (0: it tells none), and what is there now. */
void peak_look(struct peak *peak, uint64_t kernels, uint64_t now, uint64_t cache);
