/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what clients may read by its address: one row each. */
#pragma once

#include "mcp/call.h"

/* The results of resources/list and resources/templates/list; the caller's. */
struct json_object *resources_list(const struct services *services);
struct json_object *resource_templates_list(void);

/* Answers the call with what is at that address, or an error that says why not. */
void resource_read(struct call *call, const char *uri);
