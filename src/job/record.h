/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - a job's record as people and clients read it (contract, section 3). */
#pragma once

#define TOOL_BENCH "cordon bench" /* as what such a job was asked for */

#include <json-c/json.h>

#include "job/store.h"

/* {"id", "label", "status", "created_at", "started_at", "completed_at", "error", "result",
 * "progress"}, and "traceparent" where it has one; the caller's (json_object_put). Text that is not
 * UTF-8 is not in a record. */
struct json_object *record_json(const struct record *record);

/* Of a job that has ended, how many bytes its script wrote to a stream (1 or 2) after the `kept`
 * ones that its file has; and then *reason. 0: none, or nobody knows. */
uint64_t record_missing(const struct record *record, int stream, uint64_t kept,
                        const char **reason);

/* {"current","total","message"}, or NULL where nothing was told. */
struct json_object *progress_json(const struct progress *progress);
