/* SPDX-License-Identifier: Apache-2.0 */
/* handshake.c - what a server says of itself, and what a conversation of the legacy era agrees on.
 */
#include <string.h>

#include "mcp/capability.h"
#include "mcp/conversation.h"
#include "str.h"

const char *param_text(const struct call *call, const char *name)
{
    struct json_object *value;
    return json_object_object_get_ex(call->params, name, &value) ? json_object_get_string(value)
                                                                 : NULL;
}

struct json_object *param_object(const struct call *call, const char *name)
{
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(call->params, name, &value);
    return value;
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, rpc_text(text));
}

static void add_json(struct json_object *object, const char *name, const char *text)
{
    if (text)
        json_object_object_add(object, name, json_tokener_parse(text));
}

struct json_object *offer_identity(const struct offer *offer)
{
    struct json_object *identity = json_object_new_object();
    add_text(identity, "name", offer->name);
    add_text(identity, "title", offer->title);
    add_text(identity, "version", offer->version);
    add_text(identity, "description", offer->description);
    add_text(identity, "websiteUrl", offer->website);
    add_json(identity, "icons", offer->icons);
    return identity;
}

static void add_flag(struct json_object *object, const char *name, bool value)
{
    json_object_object_add(object, name, json_object_new_boolean(value));
}

/* What is listed, and whether who listens is told of changes. */
static void add_listed(struct json_object *capabilities, const char *name, bool changes)
{
    struct json_object *listed = json_object_new_object();
    add_flag(listed, "listChanged", changes);
    json_object_object_add(capabilities, name, listed);
}

struct json_object *offer_capabilities(const struct offer *offer, enum era era)
{
    struct json_object *capabilities = json_object_new_object(), *resources;
    if (offer->tool_count > 0)
        add_listed(capabilities, "tools", offer->changes & CHANGE_TOOLS);
    if (offer->prompt_count > 0)
        add_listed(capabilities, "prompts", offer->changes & CHANGE_PROMPTS);
    if (offer->resources) {
        add_listed(capabilities, "resources", offer->changes & CHANGE_RESOURCES);
        if (json_object_object_get_ex(capabilities, "resources", &resources))
            add_flag(resources, "subscribe", offer->changes & CHANGE_RESOURCE);
    }
    if (offer->complete)
        json_object_object_add(capabilities, "completions", json_object_new_object());
    if (offer->logs)
        json_object_object_add(capabilities, "logging", json_object_new_object());
    if (era == ERA_MODERN)
        add_json(capabilities, "extensions", offer->extensions);
    return capabilities;
}

void serve_initialize(struct call *call)
{
    struct session *session = call->session;
    if (session->version) {
        call_error(call, RPC_INVALID_REQUEST, "already initialized");
        return;
    }
    const struct version *version = version_find(param_text(call, "protocolVersion"), ERA_LEGACY);
    session->version = version ? version : version_newest(ERA_LEGACY);
    session->capabilities = capabilities_kept(param_object(call, "capabilities"));
    session_listen(session);

    const struct offer *offer = session->parts.offer;
    struct json_object *result = json_object_new_object();
    add_text(result, "protocolVersion", session->version->name);
    json_object_object_add(result, "capabilities", offer_capabilities(offer, ERA_LEGACY));
    json_object_object_add(result, "serverInfo", offer_identity(offer));
    add_text(result, "instructions", offer->instructions);
    call_answer(call, result);
}

void serve_discover(struct call *call)
{
    const struct offer *offer = call->session->parts.offer;
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "supportedVersions", versions_print(ERA_MODERN));
    json_object_object_add(result, "capabilities", offer_capabilities(offer, ERA_MODERN));
    add_text(result, "instructions", offer->instructions);
    call_keepable(call, offer->ttl_ms, true);
    call_answer(call, result);
}

void serve_ping(struct call *call)
{
    call_answer(call, json_object_new_object());
}

void serve_set_level(struct call *call)
{
    enum say_level level = say_level_find(param_text(call, "level"));
    if (level == SAY_NOTHING) {
        call_error(call, RPC_INVALID_PARAMS,
                   "level must be debug, info, notice, warning, error, critical, alert or "
                   "emergency");
        return;
    }
    call->session->level = level;
    call_answer(call, json_object_new_object());
}
