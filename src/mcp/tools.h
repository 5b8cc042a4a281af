/* SPDX-License-Identifier: Apache-2.0 */
/* tools.h - how a tool's result is wrapped, and how its call ends that came to nothing. */
#pragma once

#include <cordon/outcome.h>

#include "mcp/call.h"

/* The result of tools/call around a result object (taken): its text and itself. */
struct json_object *tool_result(struct json_object *object, bool is_error);

/* The same for a call that came to nothing: one sentence. */
struct json_object *tool_error(const struct error *error);

/* Answers a call that ended before anything ran, with the whole result object. */
void call_stopped(struct call *call, const struct outcome *outcome);

/* The same for a failure: by whose move it is (rpc.h) refused, or a fault. */
void call_refuse(struct call *call, const struct error *error);

/* The same as one sentence, for tools whose result is no run's. */
void call_fail(struct call *call, const struct error *error);

/* The same for a call that was cancelled before anything of it ran. */
void call_cancelled(struct call *call);
