/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the two clocks. */
#include "clock.h"

#include <stdio.h>
#include <time.h>

uint64_t now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void now_iso8601(char out[32])
{
    struct timespec ts;
    struct tm tm;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    (void)gmtime_r(&ts.tv_sec, &tm);
    char seconds[20] = "";
    (void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
    unsigned ms = (unsigned)((unsigned long)ts.tv_nsec / NS_PER_MS) % 1000;
    (void)snprintf(out, 32, "%s.%03u+00:00", seconds, ms);
}
