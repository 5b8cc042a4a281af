/* SPDX-License-Identifier: Apache-2.0 */
/* capability.h - what a client says it can, kept for as long as its session or call lives. */
#pragma once

#include <json-c/json.h>

/* Members of both levels together, and bytes of a name: whoever says more is not believed the rest.
 * A message may hold a quarter of a million values, and what is kept of it is multiplied by
 * everybody who waits. */
#define CAPABILITIES_MAX     128
#define CAPABILITY_BYTES_MAX 128

/* As much of `declared` (NULL is fine) as call_can() looks at: names, and names beneath them. The
 * caller's; it shares nothing with `declared`. */
struct json_object *capabilities_kept(struct json_object *declared);
