/* SPDX-License-Identifier: Apache-2.0 */
/* policies.h - cordon://policies: every policy that this client may name, in a few words each. */
#pragma once

#include "mcp/call.h"

/* Answers the call with {"default": NAME, "policies": [{"name", "purpose", "limits", "network",
 * "workspace"}]}, each as its file says it; of one that cannot be read {"name", "error"}. The
 * gate is asked for one after the other. `uri` and `type` (a literal) go into the answer. */
void policies_read(struct call *call, const char *uri, const char *type);
