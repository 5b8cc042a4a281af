/* SPDX-License-Identifier: Apache-2.0 */
/* tools.c - how a tool's result is wrapped, and how its call ends that came to nothing. */
#include "mcp/tools.h"

#include <errno.h>

#include <cordon/log.h>

#include "clock.h"
#include "mcp/metrics.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "run/result.h"
#include "str.h"

struct json_object *tool_result(struct json_object *object, bool is_error)
{
    size_t len;
    const char *text = result_text(object, &len);
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", json_object_new_string_len(text, (int)len));
    struct json_object *content = json_object_new_array();
    json_object_array_add(content, block);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    json_object_object_add(result, "structuredContent", object);
    json_object_object_add(result, "isError", json_object_new_boolean(is_error));
    return result;
}

struct json_object *tool_error(const struct error *error)
{
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", rpc_text(error->text));
    struct json_object *content = json_object_new_array();
    json_object_array_add(content, block);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    json_object_object_add(result, "isError", json_object_new_boolean(1));
    return result;
}

/* --- calls that came to nothing -------------------------------------------------------- */

void call_stopped(struct call *call, const struct outcome *outcome)
{
    const struct capture none = { 0 };
    const struct result_input input = { .outcome = outcome,
                                        .output = { &none, &none },
                                        .elapsed_ns = now_ns() - call->arrived_ns,
                                        .use_uv = true };
    if (outcome->end == END_FAULT)
        log_event(LOG_ERROR, "fault", KV("reason", outcome->error.text));
    call_answer(call, tool_result(result_build(&input), outcome->end != END_CANCELLED));
}

void call_refuse(struct call *call, const struct error *error)
{
    const struct outcome outcome = { .end = blame_end(error->blame), .error = *error };
    metrics_refused(call->services->metrics, call->tool, outcome.end);
    call_stopped(call, &outcome);
}

void call_fail(struct call *call, const struct error *error)
{
    if (blame_end(error->blame) == END_FAULT)
        log_event(LOG_ERROR, "fault", KV("tool", call->tool), KV("reason", error->text));
    call_answer(call, tool_error(error));
}

void call_cancelled(struct call *call)
{
    /* Its client did not ask for that: the gate died, and its question with it. */
    if (!call->silent) {
        struct error err;
        (void)fail_host_as(&err, EPIPE, "the gate died");
        call_refuse(call, &err);
        return;
    }
    call_stopped(call, &(const struct outcome){ .end = END_CANCELLED });
}
