/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.c - what every request of the modern era says in _meta, and every result of ours. */
#include <string.h>

#include "mcp/capability.h"
#include "mcp/conversation.h"
#include "str.h"

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(object, name, &value);
    return value;
}

bool envelope_there(struct json_object *meta)
{
    static const char *const names[] = { META_VERSION, META_CAPABILITIES, META_CLIENT, META_LEVEL };
    for (size_t i = 0; i < COUNT(names); i++)
        if (json_object_object_get_ex(meta, names[i], NULL))
            return true;
    return false;
}

/* --- in: a ladder; the first step that is missing is what the client is told ------------------ */

static bool invalid(struct call *call, const char *text)
{
    call_error(call, RPC_INVALID_PARAMS, text);
    return false;
}

static bool unsupported(struct call *call, const char *requested)
{
    char shown[80];
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "supported", versions_print(ERA_MODERN));
    json_object_object_add(data, "requested", rpc_text(requested));
    autofree char *text = xasprintf("protocol version %s is not spoken here",
                                    printable(requested, shown, sizeof(shown)));
    call_error_with(call, RPC_UNSUPPORTED_VERSION, text, data);
    return false;
}

/* The version decides what else there has to be, so it comes first. */
bool envelope_take(struct call *call)
{
    struct json_object *version = member(call->meta, META_VERSION);
    struct json_object *capabilities = member(call->meta, META_CAPABILITIES);
    struct json_object *client = member(call->meta, META_CLIENT);
    struct json_object *level = member(call->meta, META_LEVEL);
    if (!json_object_is_type(version, json_type_string))
        return invalid(call, "_meta must have " META_VERSION ", a string");
    const char *name = json_object_get_string(version);
    if (!version_find(name, ERA_MODERN))
        return unsupported(call, name);
    if (!json_object_is_type(capabilities, json_type_object))
        return invalid(call, "_meta must have " META_CAPABILITIES ", an object");
    if (client && !json_object_is_type(client, json_type_object))
        return invalid(call, META_CLIENT " in _meta must be an object");
    if (level) {
        const char *word =
            json_object_is_type(level, json_type_string) ? json_object_get_string(level) : "";
        call->level = say_level_find(word);
        if (call->level == SAY_NOTHING)
            return invalid(call, META_LEVEL " in _meta must be debug, info, notice, warning, "
                                            "error, critical, alert or emergency");
    }
    call->version = version_find(name, ERA_MODERN);
    call->capabilities = capabilities_kept(capabilities);
    return true;
}

/* --- out -------------------------------------------------------------------------------------- */

static struct json_object *identity(const struct offer *offer)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "name", json_object_new_string(offer->name));
    json_object_object_add(object, "version", json_object_new_string(offer->version));
    return object;
}

void envelope_put(const struct call *call, struct json_object *result)
{
    struct json_object *type = member(result, "resultType"), *meta = member(result, "_meta");
    if (!type) {
        type = json_object_new_string("complete");
        json_object_object_add(result, "resultType", type);
    }
    bool complete = strcmp(json_object_get_string(type), "complete") == 0;
    if (complete && call->method && (call->method->flags & METHOD_CACHED)) {
        json_object_object_add(result, "ttlMs", json_object_new_uint64(call->ttl_ms));
        json_object_object_add(result, "cacheScope",
                               json_object_new_string(call->shared ? "public" : "private"));
    }
    if (!meta) {
        meta = json_object_new_object();
        json_object_object_add(result, "_meta", meta);
    }
    json_object_object_add(meta, META_SERVER, identity(call->session->parts.offer));
}
