/* SPDX-License-Identifier: Apache-2.0 */
/* tools.h - the tools there are: one row each. */
#pragma once

#include "mcp/call.h"
#include "mcp/schema.h"

struct tool {
    const char *name, *title, *description;
    bool read_only;   /* changes nothing */
    bool destructive; /* may change what was there before: the workspace, a script, a job */
    bool idempotent;  /* once more changes nothing more */
    const struct field *const *fields;
    const char *output_schema; /* JSON */
    void (*handle)(struct call *call, struct json_object *arguments);
};

const struct tool *tool_find(const char *name); /* NULL if unknown */

/* The result of tools/list; the caller's. */
struct json_object *tools_list(void);

/* The result of tools/call around a result object (taken): its text and itself. */
struct json_object *tool_result(struct json_object *object, bool is_error);

/* The same for a call that came to nothing: one sentence. */
struct json_object *tool_error(const struct error *error);
