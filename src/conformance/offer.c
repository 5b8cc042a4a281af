/* SPDX-License-Identifier: Apache-2.0 */
/* offer.c - the tables of everything that the fixtures offer. */
#include "mcp/offer.h"

#include <stdio.h>
#include <string.h>

#include "conformance/fixtures.h"
#include "mcp/call.h"
#include "mcp/hub.h"
#include "str.h"

struct fixtures fixtures;

/* --- answers ---------------------------------------------------------------------- */

static struct json_object *text_block(const char *text)
{
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", json_object_new_string(text));
    return block;
}

void fixture_says(struct call *call, const char *text)
{
    struct json_object *content = json_object_new_array();
    json_object_array_add(content, text_block(text));
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    call_answer(call, result);
}

static struct json_object *message(struct json_object *content)
{
    struct json_object *said = json_object_new_object();
    json_object_object_add(said, "role", json_object_new_string("user"));
    json_object_object_add(said, "content", content);
    return said;
}

static void prompt_of(struct call *call, struct json_object *messages)
{
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "messages", messages);
    call_answer(call, result);
}

void fixture_prompts(struct call *call, const char *text)
{
    struct json_object *messages = json_object_new_array();
    json_object_array_add(messages, message(text_block(text)));
    prompt_of(call, messages);
}

const char *fixture_name(const struct call *call)
{
    return fixture_text(call->params, "name", "");
}

const char *fixture_text(struct json_object *arguments, const char *name, const char *otherwise)
{
    struct json_object *value = json_object_object_get(arguments, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : otherwise;
}

/* --- tools ------------------------------------------------------------------------- */

static void greet(struct call *call, struct json_object *arguments)
{
    autofree char *text = xasprintf("Hello, %s!", fixture_text(arguments, "name", "World"));
    fixture_says(call, text);
}

static void change_tools(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    hub_publish(fixtures.hub, &(const struct news){ .what = CHANGE_TOOLS });
    fixture_says(call, "Whoever listens was told that tools changed.");
}

static void change_prompts(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    hub_publish(fixtures.hub, &(const struct news){ .what = CHANGE_PROMPTS });
    fixture_says(call, "Whoever listens was told that prompts changed.");
}

#define NOTHING JSON({ "type" : "object", "additionalProperties" : false })
#define A_TEXT(name)                                  \
    "{\"type\": \"object\", \"properties\": {\"" name \
    "\": {\"type\": \"string\"}}, \"required\": [\"" name "\"]}"

#define REGION                                                                         \
    JSON({                                                                             \
        "type" : "object",                                                             \
        "properties" : { "region" : { "type" : "string", "x-mcp-header" : "Region" } } \
    })

#define SECONDS                                                 \
    JSON({                                                      \
        "type" : "object",                                      \
        "properties" :                                          \
            { "seconds" : { "type" : "number", "minimum" : 0 }, \
              "label" : { "type" : "string" } }                 \
    })

#define SCHEMA_2020_12                                                                          \
    JSON({                                                                                      \
        "$schema" : "https://json-schema.org/draft/2020-12/schema",                             \
        "type" : "object",                                                                      \
        "$defs" : {                                                                             \
            "address" : {                                                                       \
                "$anchor" : "addressDef",                                                       \
                "type" : "object",                                                              \
                "properties" :                                                                  \
                    { "street" : { "type" : "string" }, "city" : { "type" : "string" } }        \
            }                                                                                   \
        },                                                                                      \
        "properties" : {                                                                        \
            "name" : { "type" : "string" },                                                     \
            "address" : { "$ref" : "#/$defs/address" },                                         \
            "contactMethod" : { "type" : "string", "enum" : [ "phone", "email" ] },             \
            "phone" : { "type" : "string" },                                                    \
            "email" : { "type" : "string" }                                                     \
        },                                                                                      \
        "allOf" : [ { "anyOf" : [ { "required" : ["phone"] }, { "required" : ["email"] } ] } ], \
        "if" : {                                                                                \
            "properties" : { "contactMethod" : { "const" : "phone" } },                         \
            "required" : ["contactMethod"]                                                      \
        },                                                                                      \
        "then" : { "required" : ["phone"] },                                                    \
        "else" : { "required" : ["email"] },                                                    \
        "additionalProperties" : false                                                          \
    })

#define TOOL(tool_name, tool_schema, handler, tool_description)                                \
    {                                                                                          \
        .name = (tool_name), .description = (tool_description), .input_schema = (tool_schema), \
        .handle = (handler), .read_only = true, .idempotent = true                             \
    }

static const struct tool tools[] = {
    TOOL("test_simple_text", NOTHING, fixed_answer, "one text"),
    TOOL("test_image_content", NOTHING, fixed_answer, "one picture"),
    TOOL("test_audio_content", NOTHING, fixed_answer, "one sound"),
    TOOL("test_embedded_resource", NOTHING, fixed_answer, "a resource in the answer"),
    TOOL("test_multiple_content_types", NOTHING, fixed_answer, "a text, a picture, a resource"),
    TOOL("test_error_handling", NOTHING, fixed_answer, "always fails"),
    TOOL("json_schema_2020_12_tool", SCHEMA_2020_12, fixed_answer,
         "Tool with JSON Schema 2020-12 features"),
    TOOL("test_x_mcp_header", REGION, fixed_answer, "a parameter that a header repeats"),
    TOOL("test_tool_with_logging", NOTHING, timed_answer, "three log messages, then a text"),
    TOOL("test_logging_tool", NOTHING, timed_answer, "a log message, then a text"),
    TOOL("test_tool_with_progress", NOTHING, timed_answer, "tells how far it is three times"),
    TOOL("test_reconnection", NOTHING, timed_answer, "closes its stream before it answers"),
    TOOL("test_sampling", A_TEXT("prompt"), inquiring_answer, "asks the client's model"),
    TOOL("test_elicitation", A_TEXT("message"), inquiring_answer, "asks the client's person"),
    TOOL("test_elicitation_sep1034_defaults", NOTHING, inquiring_answer, "a form with defaults"),
    TOOL("test_elicitation_sep1330_enums", NOTHING, inquiring_answer, "a form with choices"),
    TOOL("test_missing_capability", NOTHING, inquiring_answer, "works with a model only"),
    TOOL("test_streaming_elicitation", NOTHING, inquiring_answer, "asks for a consent"),
    TOOL("test_input_required_result_elicitation", NOTHING, inquiring_answer, "asks for a name"),
    TOOL("test_input_required_result_sampling", NOTHING, inquiring_answer,
         "asks the client's model"),
    TOOL("test_input_required_result_list_roots", NOTHING, inquiring_answer, "asks for the roots"),
    TOOL("test_input_required_result_request_state", NOTHING, inquiring_answer,
         "asks for a consent, and remembers something"),
    TOOL("test_input_required_result_tampered_state", NOTHING, inquiring_answer,
         "the same, to be called with a state that is not its own"),
    TOOL("test_input_required_result_multiple_inputs", NOTHING, inquiring_answer,
         "asks a person, a model and for the roots at once"),
    TOOL("test_input_required_result_capabilities", NOTHING, inquiring_answer,
         "asks of that what the client can be asked"),
    TOOL("test_input_required_result_multi_round", NOTHING, inquiring_answer, "asks twice"),
    TOOL("test_trigger_tool_change", NOTHING, change_tools, "says that tools changed"),
    TOOL("test_trigger_prompt_change", NOTHING, change_prompts, "says that prompts changed"),
    TOOL("greet", A_TEXT("name"), greet, "greets"),
    TOOL("slow_compute", SECONDS, task_answer, "takes as long as it is told to"),
    TOOL("failing_job", NOTHING, task_answer, "fails after a second"),
    TOOL("protocol_error_job", NOTHING, task_answer, "ends with an error of the protocol"),
    TOOL("confirm_delete", A_TEXT("filename"), task_answer, "waits for a consent"),
    TOOL("multi_input", NOTHING, task_answer, "waits for two consents"),
    TOOL("test_tool_with_task", NOTHING, task_answer, "asks for a name, then takes time"),
};

/* --- prompts ----------------------------------------------------------------------- */

static void prompt_with_arguments(struct call *call, struct json_object *arguments)
{
    autofree char *text =
        xasprintf("Prompt with arguments: arg1='%s', arg2='%s'",
                  fixture_text(arguments, "arg1", ""), fixture_text(arguments, "arg2", ""));
    fixture_prompts(call, text);
}

static void prompt_with_resource(struct call *call, struct json_object *arguments)
{
    struct json_object *block = json_tokener_parse(JSON({
        "type" : "resource",
        "resource" :
            { "mimeType" : "text/plain", "text" : "Embedded resource content for testing." }
    }));
    json_object_object_add(json_object_object_get(block, "resource"), "uri",
                           json_object_new_string(fixture_text(arguments, "resourceUri", "")));
    struct json_object *messages = json_object_new_array();
    json_object_array_add(messages, message(block));
    json_object_array_add(messages,
                          message(text_block("Please process the embedded resource above.")));
    prompt_of(call, messages);
}

static const struct prompt_argument two_arguments[] = {
    { "arg1", "First test argument", true },
    { "arg2", "Second test argument", true },
    { .name = NULL },
};

static const struct prompt_argument an_address[] = {
    { "resourceUri", "URI of the resource to embed", true },
    { .name = NULL },
};

static const struct prompt prompts[] = {
    { .name = "test_simple_prompt", .description = "one text", .get = fixed_answer },
    { .name = "test_prompt_with_arguments",
      .description = "its arguments in a text",
      .arguments = two_arguments,
      .get = prompt_with_arguments },
    { .name = "test_prompt_with_embedded_resource",
      .description = "a resource in a message",
      .arguments = an_address,
      .get = prompt_with_resource },
    { .name = "test_prompt_with_image", .description = "one picture", .get = fixed_answer },
    { .name = "test_input_required_result_prompt",
      .description = "asks for what it is about",
      .get = inquiring_answer },
};

static const char *const words[] = { "paris", "park", "party", "test", "testing", "tested" };

static void complete(struct call *call, const struct completion *asked)
{
    char **found = NULL;
    for (size_t i = 0; i < COUNT(words); i++)
        if (starts_with(words[i], asked->value))
            list_add(&found, words[i]);
    call_complete(call, found, list_len(found));
    list_free(found);
}

/* --- resources --------------------------------------------------------------------- */

#define TEMPLATE_HEAD "test://template/"
#define TEMPLATE_TAIL "/data"

static struct json_object *resources(struct call *call)
{
    (void)call;
    return json_tokener_parse(JSON([
        {
            "uri" : "test://static-text",
            "name" : "static-text",
            "mimeType" : "text/plain",
            "description" : "a text"
        },
        {
            "uri" : "test://static-binary",
            "name" : "static-binary",
            "mimeType" : "image/png",
            "description" : "a picture"
        },
        {
            "uri" : "test://watched-resource",
            "name" : "watched-resource",
            "mimeType" : "text/plain",
            "description" : "a text that may be subscribed to"
        }
    ]));
}

static struct json_object *templates(struct call *call)
{
    (void)call;
    return json_tokener_parse(JSON([ {
        "uriTemplate" : "test://template/{id}/data",
        "name" : "template",
        "mimeType" : "application/json",
        "description" : "says which id it was asked for"
    } ]));
}

static void read_template(struct call *call, const char *uri)
{
    const char *id = uri + strlen(TEMPLATE_HEAD);
    struct json_object *data = json_object_new_object();
    json_object_object_add(data, "id",
                           json_object_new_string_len(id,
                                                      (int)(strlen(id) - strlen(TEMPLATE_TAIL))));
    struct json_object *content = json_object_new_object();
    json_object_object_add(content, "uri", json_object_new_string(uri));
    json_object_object_add(content, "mimeType", json_object_new_string("application/json"));
    json_object_object_add(content, "text", json_object_new_string(json_object_get_string(data)));
    json_object_put(data);
    struct json_object *contents = json_object_new_array();
    json_object_array_add(contents, content);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "contents", contents);
    call_answer(call, result);
}

static void read_resource(struct call *call, const char *uri)
{
    call_keepable(call, 60000, true);
    if (fixed_try(call, uri))
        return;
    if (starts_with(uri, TEMPLATE_HEAD) && ends_with(uri, TEMPLATE_TAIL) &&
        strlen(uri) > strlen(TEMPLATE_HEAD TEMPLATE_TAIL))
        read_template(call, uri);
    else
        call_absent(call, uri, "no such resource");
}

/* ------------------------------------------------------------------------------------ */

const struct offer fixtures_offer = {
    .name = "cordon-conformance",
    .title = "Fixtures of the conformance suite",
    .version = CORDON_VERSION,
    .instructions = "What the official conformance suite calls by name.",
    .extensions = JSON({ "io.modelcontextprotocol/tasks" : {} }),
    .tools = tools,
    .tool_count = COUNT(tools),
    .prompts = prompts,
    .prompt_count = COUNT(prompts),
    .resources = resources,
    .templates = templates,
    .read = read_resource,
    .complete = complete,
    .logs = true,
    .tasks = &fixtures_tasks,
    .changes = CHANGE_TOOLS | CHANGE_PROMPTS | CHANGE_RESOURCE | CHANGE_TASK,
    .ttl_ms = 60000,
};
