/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - whose trace a run belongs to: the `traceparent` of a W3C trace context.
 *
 * Source: W3C Recommendation "Trace Context" (level 1), section 3.2.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* "00-" trace id "-" parent id "-" flags, and its NUL. */
#define TRACEPARENT_MAX 56

/* What a stranger sent as traceparent, as it is kept: always of version 00, with no flag but
 * `sampled`; what a newer version adds behind is left out, as the Recommendation asks. False, and
 * *ret is "": it is none, and whoever gets one must go on as if there were none. */
bool traceparent_read(const char *text, size_t len, char ret[TRACEPARENT_MAX]);
