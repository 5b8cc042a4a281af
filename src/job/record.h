/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - a job's record as people and clients read it (contract, section 3). */
#pragma once

#include <json-c/json.h>

#include "job/store.h"

/* {"id", "label", "status", "created_at", "started_at", "completed_at", "error", "result",
 * "progress"}; the caller's (json_object_put). Text that is not UTF-8 is not in a record. */
struct json_object *record_json(const struct record *record);

/* {"current","total","message"}, or NULL where nothing was told. */
struct json_object *progress_json(const struct progress *progress);
