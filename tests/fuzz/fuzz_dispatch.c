/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dispatch.c - a client's lines through a whole conversation, in each era, with an offer of
 * every kind. Whatever they are: what is answered is JSON, each message that has a sink is answered
 * exactly once, what has none says nothing, and nothing is said after the answer.
 *
 * The first byte says of which kind the session is; a line each follows. */
#include <assert.h>
#include <json-c/json.h>
#include <string.h>

#include "job/store.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/hub.h"
#include "mcp/offer.h"
#include "mcp/session.h"
#include "str.h"

#define LINES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- an offer ------------------------------------------------------------------------------- */

/* A call that waits for another's tool, for its client to give up, or for the end. */
struct waiting {
    struct call *call;
    struct waiting *next;
};
static struct waiting *waiting;

static void finish(struct waiting **link)
{
    struct waiting *one = *link;
    *link = one->next;
    struct call *call = one->call;
    free(one);
    call_answer(call, json_object_new_object());
}

static void stop_waiting(struct call *call, bool grace)
{
    struct waiting **link = &waiting;
    (void)grace;
    while ((*link)->call != call)
        link = &(*link)->next;
    finish(link);
}

static void tool_echo(struct call *call, struct json_object *arguments)
{
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "structuredContent", json_object_get(arguments));
    call_keepable(call, 1000, true);
    call_answer(call, result);
}

static void tool_wait(struct call *call, struct json_object *arguments)
{
    const struct progress progress = { .current = 1, .total = 2 };
    struct waiting *one = xcalloc(1, sizeof(*one));
    (void)arguments;
    one->call = call;
    one->next = waiting;
    waiting = one;
    call->cancel = stop_waiting;
    call_progress(call, &progress);
}

static void tool_say(struct call *call, struct json_object *arguments)
{
    call_log(call, SAY_WARNING, "fuzz", json_object_get(arguments));
    while (waiting)
        finish(&waiting);
    call_answer(call, json_object_new_object());
}

/* Asks until it was answered; what it knew must be there again. */
static void tool_ask(struct call *call, struct json_object *given)
{
    struct json_object *answer;
    (void)given;
    assert(!call->state || json_object_get_int(call->state) == 7);
    if (json_object_object_get_ex(call->responses, "q", &answer)) {
        call_answer(call, json_object_new_object());
        return;
    }
    struct json_object *requests = json_tokener_parse(
        "{\"q\":{\"method\":\"roots/list\"},"
        "\"r\":{\"method\":\"sampling/createMessage\",\"params\":{\"maxTokens\":1}}}");
    call_ask(call, requests, json_object_new_int(7));
}

static void prompt_get(struct call *call, struct json_object *arguments)
{
    tool_echo(call, arguments);
}

static struct json_object *list(struct call *call)
{
    struct json_object *array = json_object_new_array();
    (void)call;
    for (int i = 0; i < 3; i++) {
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "uri", json_object_new_string("fuzz://one"));
        json_object_array_add(array, one);
    }
    return array;
}

static void resource_read(struct call *call, const char *uri)
{
    if (strcmp(uri, "fuzz://one") == 0)
        call_answer(call, json_object_new_object());
    else
        call_absent(call, uri, "not there");
}

static void complete(struct call *call, const struct completion *asked)
{
    char value[] = "value", *values[] = { value, NULL };
    assert(asked->argument && asked->value && !asked->prompt != !asked->uri);
    call_complete(call, values, 200);
}

static const struct tool tools[] = {
    { .name = "echo",
      .title = "Echo",
      .description = "d",
      .input_schema = "{\"type\":\"object\"}",
      .handle = tool_echo },
    { .name = "wait",
      .title = "Wait",
      .description = "d",
      .input_schema = "{\"type\":\"object\"}",
      .handle = tool_wait },
    { .name = "say",
      .title = "Say",
      .description = "d",
      .input_schema = "{\"type\":\"object\"}",
      .handle = tool_say },
    { .name = "ask", .title = "Ask", .description = "d", .input_schema = "{}", .handle = tool_ask },
};
static const struct prompt_argument arguments[] = { { "a", "d", true }, { NULL, NULL, false } };
static const struct prompt prompts[] = { { "p", "P", "d", arguments, NULL, prompt_get } };

static const struct offer offer = {
    .name = "fuzz",
    .title = "Fuzz",
    .version = "1",
    .tools = tools,
    .tool_count = COUNT(tools),
    .prompts = prompts,
    .prompt_count = COUNT(prompts),
    .resources = list,
    .templates = list,
    .read = resource_read,
    .complete = complete,
    .logs = true,
    .changes = CHANGE_TOOLS | CHANGE_PROMPTS | CHANGE_RESOURCES | CHANGE_RESOURCE,
    .ttl_ms = 1000,
};

/* --- a client ------------------------------------------------------------------------------- */

struct told {
    unsigned said, answered;
};

/* The handle that was given last: nobody could guess it, so a line says "@" where it means that. */
static char handle[256];

static void keep_handle(const char *line)
{
    static const char before[] = "\"requestState\":\"";
    const char *at = strstr(line, before);
    if (!at)
        return;
    at += sizeof(before) - 1;
    size_t len = strcspn(at, "\"");
    if (len < sizeof(handle)) {
        memcpy(handle, at, len);
        handle[len] = '\0';
    }
}

static void insert_handle(const char *text, size_t len, struct str *ret)
{
    for (size_t i = 0; i < len; i++)
        if (len - i >= 3 && memcmp(text + i, "\"@\"", 3) == 0) {
            str_printf(ret, "\"%s\"", handle);
            i += 2;
        } else {
            str_putc(ret, text[i]);
        }
}

static void check_line(const char *line)
{
    struct error err;
    assert(json_scan(line, strlen(line), &err) != JSON_MALFORMED);
    assert(!strchr(line, '\n'));
}

static void hear(void *context, const char *line)
{
    struct told *told = context;
    check_line(line);
    assert(!told->answered);
    told->said++;
}

static void hear_answer(void *context, int code, const char *line)
{
    struct told *told = context;
    assert(code == 0 || line);
    if (line) {
        check_line(line);
        keep_handle(line);
    }
    told->answered++;
}

static bool is_behind(void *context)
{
    (void)context;
    return false;
}

static void hear_change(void *context, const char *line)
{
    (void)context;
    check_line(line);
}

/* Returns how many lines there were. */
static size_t talk(struct session *session, const char *text, size_t size, struct told *told)
{
    size_t count = 0;
    for (; size > 0 && count < LINES_MAX; count++) {
        const char *end = memchr(text, '\n', size);
        size_t len = end ? (size_t)(end - text) : size;
        const struct sink sink = {
            .notify = hear, .answer = hear_answer, .behind = is_behind, .context = &told[count]
        };
        autostr struct str said = { 0 };
        insert_handle(text, len, &said);
        enum taken taken =
            session_message(session, said.data ? said.data : "", said.len, &sink, NULL);
        if (taken != TAKEN_ANSWERED)
            told[count] = (struct told){ .said = told[count].said, .answered = 1 };
        len += end ? 1 : 0;
        text += len;
        size -= len;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told[LINES_MAX] = { { 0 } };
    if (size == 0)
        return 0;
    handle[0] = '\0';
    struct hub *hub = hub_new();
    const struct session_parts parts = {
        .offer = &offer,
        .hub = hub,
        .kind = data[0] % 3,
        .push = hear_change,
    };
    struct session *session = session_new(&parts);
    size_t lines = talk(session, (const char *)data + 1, size - 1, told);
    session_free(session);
    for (size_t i = 0; i < lines; i++)
        assert(told[i].answered == 1);
    assert(!waiting);
    hub_free(hub);
    return 0;
}
