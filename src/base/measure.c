/* SPDX-License-Identifier: Apache-2.0 */
#include <cordon/measure.h>

static const char *const counter_names[COUNTER_COUNT] = {
    [COUNTER_INSTRUCTIONS] = "instructions",   [COUNTER_CYCLES] = "cycles",
    [COUNTER_BRANCH_MISSES] = "branch_misses", [COUNTER_CACHE_MISSES] = "cache_misses",
    [COUNTER_PAGE_FAULTS] = "page_faults",
};

const char *counter_name(enum counter counter)
{
    return counter < COUNTER_COUNT ? counter_names[counter] : "unknown";
}
