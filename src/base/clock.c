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

int64_t now_epoch_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / (long)NS_PER_MS;
}

void iso8601_print(int64_t epoch_ms, char out[32])
{
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    char text[20] = "";
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, 32, "%s.%03u+00:00", text, (unsigned)(epoch_ms % 1000) % 1000);
}

void now_iso8601(char out[32])
{
    iso8601_print(now_epoch_ms(), out);
}
