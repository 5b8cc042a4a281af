/* SPDX-License-Identifier: Apache-2.0 */
/* tool_jobs.h - the tools that look at jobs, end them and clear them away. */
#pragma once

#include "mcp/call.h"
#include "mcp/schema.h"

extern const struct field *const job_status_fields[];
extern const struct field *const list_jobs_fields[];
extern const struct field *const cancel_job_fields[];
extern const struct field *const prune_jobs_fields[];

extern const char job_status_schema[];
extern const char list_jobs_schema[];
extern const char cancel_job_schema[];
extern const char prune_jobs_schema[];

void tool_job_status(struct call *call, struct json_object *arguments);
void tool_list_jobs(struct call *call, struct json_object *arguments);
void tool_cancel_job(struct call *call, struct json_object *arguments);
void tool_prune_jobs(struct call *call, struct json_object *arguments);
