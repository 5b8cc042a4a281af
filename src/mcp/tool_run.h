/* SPDX-License-Identifier: Apache-2.0 */
/* tool_run.h - the tools that run one script and answer with its result object. */
#pragma once

#include "mcp/call.h"

extern const char run_output_schema[];

void tool_run_in_dir(struct call *call, struct json_object *arguments);
void tool_run_with_dependencies(struct call *call, struct json_object *arguments);
void tool_benchmark(struct call *call, struct json_object *arguments);
void tool_run_saved(struct call *call, struct json_object *arguments);
