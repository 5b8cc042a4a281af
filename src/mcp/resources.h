/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what clients may read by its address: one row each. */
#pragma once

#include "mcp/call.h"

/* Arrays of Resource and of ResourceTemplate; the caller's. */
struct json_object *resources_list(struct call *call);
struct json_object *resource_templates_list(struct call *call);

/* Answers the call with what is at that address, or an error that says why not. */
void resource_read(struct call *call, const char *uri);
