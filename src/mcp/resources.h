/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what clients may read by its address: one row each. */
#pragma once

#include "mcp/call.h"

/* The results of resources/list and resources/templates/list; the caller's. */
struct json_object *resources_list(const struct services *services);
struct json_object *resource_templates_list(void);

/* The result of resources/read; the caller's. -ENOENT: there is nothing at that address. */
int resource_read(const struct services *services, const char *uri, struct json_object **ret,
                  struct error *err) must_check;
