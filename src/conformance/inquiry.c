/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry.c - the fixtures that ask their client before they answer.
 *
 * The same rows serve both eras: who is older is sent requests, who is newer an input_required
 * result (call.h, call_ask()).
 */
#include <stdio.h>
#include <string.h>

#include "conformance/fixtures.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/rpc.h"
#include "str.h"

#define STAGES_MAX 2 /* the suite asks twice at most */

#define SAMPLE(text, tokens)                                                                    \
    "{\"method\": \"sampling/createMessage\", \"params\": {\"maxTokens\": " #tokens             \
    ", \"messages\": [{\"role\": \"user\", \"content\": {\"type\": \"text\", \"text\": \"" text \
    "\"}}]}}"
#define ROOTS JSON({ "method" : "roots/list", "params" : {} })

#define WHO   "\"user_name\": " FORM("What is your name?", "name", "string")
#define HELLO "\"greeting\": " SAMPLE("Generate a greeting", 50)
#define WHERE "\"client_roots\": " ROOTS
#define THREE "{" WHO ", " HELLO ", " WHERE "}"

#define COMPLETED "Elicitation completed: action={/answer/action}, content={/answer/content}"

static const char defaults[] = JSON({
    "answer" : {
        "method" : "elicitation/create",
        "params" : {
            "message" : "Please review and update the form fields with defaults",
            "requestedSchema" : {
                "type" : "object",
                "required" : [],
                "properties" : {
                    "name" :
                        { "type" : "string", "description" : "User name", "default" : "John Doe" },
                    "age" : { "type" : "integer", "description" : "User age", "default" : 30 },
                    "score" : { "type" : "number", "description" : "User score", "default" : 95.5 },
                    "status" : {
                        "type" : "string",
                        "description" : "User status",
                        "enum" : [ "active", "inactive", "pending" ],
                        "default" : "active"
                    },
                    "verified" : {
                        "type" : "boolean",
                        "description" : "Verification status",
                        "default" : true
                    }
                }
            }
        }
    }
});

static const char enums[] = JSON({
    "answer" : {
        "method" : "elicitation/create",
        "params" : {
            "message" : "Please select options from the enum fields",
            "requestedSchema" : {
                "type" : "object",
                "required" : [],
                "properties" : {
                    "untitledSingle" :
                        { "type" : "string", "enum" : [ "option1", "option2", "option3" ] },
                    "titledSingle" : {
                        "type" : "string",
                        "oneOf" : [
                            { "const" : "value1", "title" : "First Option" },
                            { "const" : "value2", "title" : "Second Option" },
                            { "const" : "value3", "title" : "Third Option" }
                        ]
                    },
                    "legacyEnum" : {
                        "type" : "string",
                        "enum" : [ "opt1", "opt2", "opt3" ],
                        "enumNames" : [ "Option One", "Option Two", "Option Three" ]
                    },
                    "untitledMulti" : {
                        "type" : "array",
                        "items" :
                            { "type" : "string", "enum" : [ "option1", "option2", "option3" ] }
                    },
                    "titledMulti" : {
                        "type" : "array",
                        "items" : {
                            "anyOf" : [
                                { "const" : "value1", "title" : "First Choice" },
                                { "const" : "value2", "title" : "Second Choice" },
                                { "const" : "value3", "title" : "Third Choice" }
                            ]
                        }
                    }
                }
            }
        }
    }
});

static const char user[] = JSON({
    "answer" : {
        "method" : "elicitation/create",
        "params" : {
            "requestedSchema" : {
                "type" : "object",
                "required" : [ "username", "email" ],
                "properties" : {
                    "username" : { "type" : "string", "description" : "User's response" },
                    "email" : { "type" : "string", "description" : "User's email address" }
                }
            }
        }
    }
});

/* In `says` a JSON pointer in braces stands for what is there among the answers. */
static const struct inquiry {
    const char *name;
    const char *rounds[STAGES_MAX]; /* JSON: a name -> what is asked */
    const char *says;
    const char *argument, *place; /* a parameter that belongs into the question, and where */
    bool keeps;                   /* what was answered before, out of the client's sight */
    bool any;                     /* asks of that only what this client can be asked */
    bool prompt;
} inquiries[] = {
    { .name = "test_sampling",
      .rounds = { ONE("answer", SAMPLE("", 100)) },
      .argument = "prompt",
      .place = "/answer/params/messages/0/content/text",
      .says = "LLM response: {/answer/content/text}" },
    { .name = "test_elicitation",
      .rounds = { user },
      .argument = "message",
      .place = "/answer/params/message",
      .says = "User response: action={/answer/action}, content={/answer/content}" },
    { .name = "test_elicitation_sep1034_defaults", .rounds = { defaults }, .says = COMPLETED },
    { .name = "test_elicitation_sep1330_enums", .rounds = { enums }, .says = COMPLETED },
    { .name = "test_missing_capability",
      .rounds = { ONE("answer", SAMPLE("Is anybody there?", 100)) },
      .says = "LLM response: {/answer/content/text}" },
    { .name = "test_streaming_elicitation",
      .rounds = { ONE("answer", FORM("Please confirm", "ok", "boolean")) },
      .says = COMPLETED },
    { .name = "test_input_required_result_elicitation",
      .rounds = { ONE("user_name", FORM("What is your name?", "name", "string")) },
      .says = "Hello, {/user_name/content/name}!" },
    { .name = "test_input_required_result_sampling",
      .rounds = { ONE("capital_question", SAMPLE("What is the capital of France?", 100)) },
      .says = "LLM response: {/capital_question/content/text}" },
    { .name = "test_input_required_result_list_roots",
      .rounds = { ONE("client_roots", ROOTS) },
      .says = "Roots: {/client_roots/roots}" },
    { .name = "test_input_required_result_request_state",
      .rounds = { ONE("confirm", FORM("Please confirm", "ok", "boolean")) },
      .says = "state-ok, confirmed: {/confirm/content/ok}",
      .keeps = true },
    { .name = "test_input_required_result_tampered_state",
      .rounds = { ONE("confirm", FORM("Please confirm", "ok", "boolean")) },
      .says = "state-ok, confirmed: {/confirm/content/ok}",
      .keeps = true },
    { .name = "test_input_required_result_multiple_inputs",
      .rounds = { THREE },
      .says = "{/user_name/content/name} of {/client_roots/roots}: {/greeting/content/text}",
      .keeps = true },
    { .name = "test_input_required_result_capabilities",
      .rounds = { THREE },
      .says = "{/user_name/content/name} of {/client_roots/roots}: {/greeting/content/text}",
      .any = true },
    { .name = "test_input_required_result_multi_round",
      .rounds = { ONE("step1", FORM("Step 1: What is your name?", "name", "string")),
                  ONE("step2", FORM("Step 2: What is your favorite color?", "color", "string")) },
      .says = "{/step1/content/name} likes {/step2/content/color}",
      .keeps = true },
    { .name = "test_input_required_result_prompt",
      .rounds = { ONE("user_context",
                      FORM("What context should the prompt use?", "context", "string")) },
      .says = "Use this context: {/user_context/content/context}",
      .prompt = true },
};

/* What a client declares that can be asked so. */
static const struct {
    const char *method, *capability;
} askable[] = {
    { "elicitation/create", "elicitation.form" },
    { "sampling/createMessage", "sampling" },
    { "roots/list", "roots" },
};

static bool can_be_asked(const struct call *call, struct json_object *request)
{
    const char *method = json_object_get_string(json_object_object_get(request, "method"));
    for (size_t i = 0; i < COUNT(askable); i++)
        if (strcmp(askable[i].method, method) == 0)
            return call_can(call, askable[i].capability);
    return false;
}

/* What is asked in this round. The caller's. */
static struct json_object *questions(const struct inquiry *row, int round, const struct call *call,
                                     struct json_object *arguments)
{
    struct json_object *all = json_tokener_parse(row->rounds[round]);
    if (row->place)
        (void)json_pointer_set(&all, row->place,
                               json_object_new_string(fixture_text(arguments, row->argument, "")));
    if (!row->any)
        return all;
    struct json_object *some = json_object_new_object();
    json_object_object_foreach(all, name, request)
    {
        if (can_be_asked(call, request))
            json_object_object_add(some, name, json_object_get(request));
    }
    json_object_put(all);
    return some;
}

/* Has each question an answer? What else the client says is nothing to us. */
static bool answered(struct json_object *asked, struct json_object *answers)
{
    json_object_object_foreach(asked, name, request)
    {
        (void)request;
        if (!json_object_is_type(json_object_object_get(answers, name), json_type_object))
            return false;
    }
    return true;
}

/* The text, in which each {/pointer} became what is there. The caller's. */
static char *filled_in(const char *text, struct json_object *answers)
{
    autostr struct str out = { 0 };
    for (const char *end; *text; text = end + 1) {
        end = text + strcspn(text, "{");
        str_add(&out, text, (size_t)(end - text));
        if (!*end)
            break;
        text = end + 1;
        end = text + strcspn(text, "}");
        autofree char *place = xstrndup(text, (size_t)(end - text));
        struct json_object *value = NULL;
        (void)json_pointer_get(answers, place, &value);
        str_puts(&out, value ? json_object_get_string(value) : "nothing");
    }
    return str_take(&out);
}

static void answer(struct call *call, const struct inquiry *row, struct json_object *answers)
{
    autofree char *text = filled_in(row->says, answers);
    if (row->prompt)
        fixture_prompts(call, text);
    else
        fixture_says(call, text);
}

/* What was answered so far: in this round and, where they were kept, in those before. The caller's.
 */
static struct json_object *answers_until_now(const struct call *call)
{
    struct json_object *all = json_object_new_object();
    struct json_object *const given[] = { json_object_object_get(call->state, "answers"),
                                          call->responses };
    for (size_t i = 0; i < COUNT(given); i++) {
        if (!given[i])
            continue;
        json_object_object_foreach(given[i], name, value)
        {
            json_object_object_add(all, name, json_object_get(value));
        }
    }
    return all;
}

void inquiring_answer(struct call *call, struct json_object *arguments)
{
    const struct inquiry *row = inquiries;
    while (row < inquiries + COUNT(inquiries) && strcmp(row->name, fixture_name(call)) != 0)
        row++;
    if (row == inquiries + COUNT(inquiries)) {
        call_error(call, RPC_INTERNAL_ERROR, "this fixture has no questions");
        return;
    }
    int round = json_object_get_int(json_object_object_get(call->state, "round"));
    autojson struct json_object *answers = answers_until_now(call);
    autojson struct json_object *asked = questions(row, round, call, arguments);
    if (json_object_object_length(asked) == 0) {
        call_lacks(call, askable[0].capability);
        return;
    }
    if (answered(asked, answers)) {
        round++;
        if (round == STAGES_MAX || !row->rounds[round]) {
            answer(call, row, answers);
            return;
        }
        json_object_put(asked);
        asked = questions(row, round, call, arguments);
    }
    struct json_object *state = NULL;
    if (row->keeps) {
        state = json_object_new_object();
        json_object_object_add(state, "round", json_object_new_int(round));
        json_object_object_add(state, "answers", TAKE(&answers));
    }
    call_ask(call, TAKE(&asked), state);
}
