/* SPDX-License-Identifier: Apache-2.0 */
/* calling.c - requests that something of the offer answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mcp/conversation.h"
#include "str.h"

#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value
#define TOO_MANY                                                               \
    "too many calls at once; at most " TEXT_OF(CALLS_MAX) " are, of " TEXT_OF( \
        CALLS_MIB_MAX) " MiB together"

static bool is_full(const struct session *session)
{
    return session->call_count > CALLS_MAX || session->call_bytes > CALLS_BYTES_MAX;
}

static void unknown(struct call *call, const char *kind, const char *name)
{
    char shown[80], text[128];
    (void)snprintf(text, sizeof(text), "unknown %s %s", kind,
                   printable(name, shown, sizeof(shown)));
    call_error(call, RPC_INVALID_PARAMS, text);
}

/* True: it was answered. */
static bool refuse_full(struct call *call)
{
    const struct offer *offer = call->session->parts.offer;
    struct error err;
    if (!is_full(call->session))
        return false;
    (void)fail_policy(&err, EBUSY, TOO_MANY);
    if (offer->busy && strcmp(call->method->name, "tools/call") == 0)
        offer->busy(call, &err);
    else
        call_error(call, RPC_INTERNAL_ERROR, TOO_MANY);
    return true;
}

void serve_call_tool(struct call *call)
{
    const char *name = param_text(call, "name");
    const struct tool *tool = offer_tool(call->session->parts.offer, name);
    if (!tool) {
        unknown(call, "tool", name);
        return;
    }
    call->tool = tool->name;
    if (!refuse_full(call))
        tool->handle(call, param_object(call, "arguments"));
}

/* The name of an argument that is missing, unknown or no text, and what is wrong with it. */
static const char *wrong_argument(const struct prompt *prompt, struct json_object *arguments,
                                  const char **why)
{
    static const struct prompt_argument none = { 0 };
    const struct prompt_argument *rows = prompt->arguments ? prompt->arguments : &none;
    *why = "is missing";
    for (const struct prompt_argument *row = rows; row->name; row++)
        if (row->required && !json_object_object_get_ex(arguments, row->name, NULL))
            return row->name;
    *why = "must be a string";
    if (arguments) {
        json_object_object_foreach(arguments, name, value)
        {
            if (!json_object_is_type(value, json_type_string))
                return name;
        }
    }
    return NULL;
}

void serve_get_prompt(struct call *call)
{
    const char *name = param_text(call, "name"), *why;
    const struct prompt *prompt = offer_prompt(call->session->parts.offer, name);
    if (!prompt) {
        unknown(call, "prompt", name);
        return;
    }
    struct json_object *arguments = param_object(call, "arguments");
    const char *wrong = wrong_argument(prompt, arguments, &why);
    if (wrong) {
        char shown[80];
        autofree char *text =
            xasprintf("argument %s %s", printable(wrong, shown, sizeof(shown)), why);
        call_error(call, RPC_INVALID_PARAMS, text);
        return;
    }
    if (!refuse_full(call))
        prompt->get(call, arguments);
}

void serve_read_resource(struct call *call)
{
    if (!refuse_full(call))
        call->session->parts.offer->read(call, param_text(call, "uri"));
}

/* Borrowed; NULL where it is missing, or no text. */
static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string) ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
        return NULL;
    return json_object_get_string(value);
}

void serve_complete(struct call *call)
{
    struct json_object *ref = param_object(call, "ref"), *argument = param_object(call, "argument");
    const char *type = text_of(ref, "type");
    struct completion asked = { .argument = text_of(argument, "name"),
                                .value = text_of(argument, "value") };
    if (type && strcmp(type, "ref/prompt") == 0)
        asked.prompt = text_of(ref, "name");
    else if (type && strcmp(type, "ref/resource") == 0)
        asked.uri = text_of(ref, "uri");
    if (!asked.prompt && !asked.uri) {
        call_error(call, RPC_INVALID_PARAMS,
                   "ref must be a ref/prompt with a name or a ref/resource with a uri");
        return;
    }
    if (!asked.argument || !asked.value) {
        call_error(call, RPC_INVALID_PARAMS, "argument must have a name and a value, both strings");
        return;
    }
    if (asked.prompt && !offer_prompt(call->session->parts.offer, asked.prompt)) {
        unknown(call, "prompt", asked.prompt);
        return;
    }
    struct json_object *context = param_object(call, "context");
    if (json_object_object_get_ex(context, "arguments", &asked.context) &&
        !json_object_is_type(asked.context, json_type_object))
        asked.context = NULL;
    if (!refuse_full(call))
        call->session->parts.offer->complete(call, &asked);
}
