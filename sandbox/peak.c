/* SPDX-License-Identifier: Apache-2.0 */
#include "peak.h"

static void at_least(struct peak *peak, uint64_t memory, uint64_t cache)
{
    if (memory > cache && memory - cache > peak->least)
        peak->least = memory - cache;
}

void peak_look(struct peak *peak, uint64_t kernels, uint64_t now, uint64_t cache)
{
    if (kernels > peak->whole) {
        at_least(peak, kernels, cache > peak->cache ? cache : peak->cache);
        peak->whole = kernels;
    }
    if (now > peak->whole)
        peak->whole = now;
    at_least(peak, now, cache);
    peak->cache = cache;
}
