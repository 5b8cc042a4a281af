/* SPDX-License-Identifier: Apache-2.0 */
/* tool_scripts.h - the tools of the library of saved scripts. */
#pragma once

#include "mcp/call.h"
#include "mcp/schema.h"
#include "script/library.h"

extern const struct field *const save_script_fields[];
extern const struct field *const list_scripts_fields[];
extern const char save_script_schema[], list_scripts_schema[];

void tool_save_script(struct call *call, struct json_object *arguments);
void tool_list_scripts(struct call *call, struct json_object *arguments);

/* {"scripts": [{"name", "path", "docstring", "header"}], "total"}; the caller's. */
struct json_object *scripts_json(const struct library *library, const struct script_list *list);
