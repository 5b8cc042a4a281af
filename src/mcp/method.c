/* SPDX-License-Identifier: Apache-2.0 */
/* method.c - which requests there are. */
#include "mcp/method.h"

#include <errno.h>
#include <string.h>

#include "mcp/conversation.h"
#include "mcp/offer.h"

static bool has_tools(const struct offer *offer)
{
    return offer->tool_count > 0;
}

static bool has_prompts(const struct offer *offer)
{
    return offer->prompt_count > 0;
}

static bool has_resources(const struct offer *offer)
{
    return offer->resources != NULL;
}

static bool has_tasks(const struct offer *offer)
{
    return offer->tasks != NULL;
}

static bool has_subscriptions(const struct offer *offer)
{
    return offer->changes & CHANGE_RESOURCE;
}

static bool has_completion(const struct offer *offer)
{
    return offer->complete != NULL;
}

static bool has_logs(const struct offer *offer)
{
    return offer->logs;
}

#define NEEDED   true
#define OPTIONAL false
#define TEXT     json_type_string
#define OBJECT   json_type_object

/* What a client that was asked something (call_ask()) comes back with. */
#define ANSWERS                             \
    { "inputResponses", OBJECT, OPTIONAL }, \
    {                                       \
        "requestState", TEXT, OPTIONAL      \
    }

/* clang-format off */
const struct method methods[] = {
    { "initialize", ERA_LEGACY, METHOD_EARLY, NULL, serve_initialize,
      { { "protocolVersion", TEXT, NEEDED }, { "capabilities", OBJECT, OPTIONAL },
        { "clientInfo", OBJECT, OPTIONAL } } },
    { "ping", ERA_LEGACY, METHOD_EARLY, NULL, serve_ping, { { 0 } } },
    { "server/discover", ERA_MODERN, METHOD_CACHED, NULL, serve_discover, { { 0 } } },
    { "logging/setLevel", ERA_LEGACY, 0, has_logs, serve_set_level,
      { { "level", TEXT, NEEDED } } },
    { "tools/list", ERA_BOTH, METHOD_CACHED, has_tools, serve_list_tools,
      { { "cursor", TEXT, OPTIONAL } } },
    { "tools/call", ERA_BOTH, METHOD_ASKS, has_tools, serve_call_tool,
      { { "name", TEXT, NEEDED }, { "arguments", OBJECT, OPTIONAL }, ANSWERS } },
    { "prompts/list", ERA_BOTH, METHOD_CACHED, has_prompts, serve_list_prompts,
      { { "cursor", TEXT, OPTIONAL } } },
    { "prompts/get", ERA_BOTH, METHOD_ASKS, has_prompts, serve_get_prompt,
      { { "name", TEXT, NEEDED }, { "arguments", OBJECT, OPTIONAL }, ANSWERS } },
    { "resources/list", ERA_BOTH, METHOD_CACHED, has_resources, serve_list_resources,
      { { "cursor", TEXT, OPTIONAL } } },
    { "resources/templates/list", ERA_BOTH, METHOD_CACHED, has_resources, serve_list_templates,
      { { "cursor", TEXT, OPTIONAL } } },
    { "resources/read", ERA_BOTH, METHOD_CACHED | METHOD_ASKS, has_resources,
      serve_read_resource, { { "uri", TEXT, NEEDED }, ANSWERS } },
    { "resources/subscribe", ERA_LEGACY, 0, has_subscriptions, serve_subscribe,
      { { "uri", TEXT, NEEDED } } },
    { "resources/unsubscribe", ERA_LEGACY, 0, has_subscriptions, serve_unsubscribe,
      { { "uri", TEXT, NEEDED } } },
    { "subscriptions/listen", ERA_MODERN, 0, NULL, serve_listen,
      { { "notifications", OBJECT, NEEDED } } },
    { "tasks/get", ERA_MODERN, 0, has_tasks, serve_get_task, { { "taskId", TEXT, NEEDED } } },
    { "tasks/update", ERA_MODERN, 0, has_tasks, serve_update_task,
      { { "taskId", TEXT, NEEDED }, { "inputResponses", OBJECT, NEEDED } } },
    { "tasks/cancel", ERA_MODERN, 0, has_tasks, serve_cancel_task,
      { { "taskId", TEXT, NEEDED } } },
    { "completion/complete", ERA_BOTH, 0, has_completion, serve_complete,
      { { "ref", OBJECT, NEEDED }, { "argument", OBJECT, NEEDED }, { "context", OBJECT, OPTIONAL } } },
};
/* clang-format on */

const size_t method_count = COUNT(methods);

const struct method *method_find(const char *name, enum era era, const struct offer *offer)
{
    for (size_t i = 0; i < COUNT(methods); i++)
        if ((methods[i].eras & era) != 0 && strcmp(methods[i].name, name) == 0)
            return !methods[i].offered || methods[i].offered(offer) ? &methods[i] : NULL;
    return NULL;
}

static bool is_plain_text(struct json_object *value)
{
    return strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

int method_check(const struct method *method, struct json_object *params, struct error *err)
{
    for (const struct param *param = method->params; param->name; param++) {
        struct json_object *value;
        if (!json_object_object_get_ex(params, param->name, &value)) {
            if (!param->needed)
                continue;
        } else if (json_object_is_type(value, param->type) &&
                   (param->type != TEXT || is_plain_text(value))) {
            continue;
        }
        return fail_caller(err, EINVAL, "%s must be %s", param->name,
                           param->type == TEXT ? "a string" : "an object");
    }
    return 0;
}
