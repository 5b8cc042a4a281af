/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - one monotonic clock for all limits, one wall clock for records. */
#pragma once

#include <stdint.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

uint64_t now_ns(void);                              /* CLOCK_MONOTONIC */
int64_t now_epoch_ms(void);                         /* CLOCK_REALTIME */
void now_iso8601(char out[32]);                     /* "2026-11-22T13:00:00.123+00:00" */
void iso8601_print(int64_t epoch_ms, char out[32]); /* the same of another time */
