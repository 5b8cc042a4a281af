/* SPDX-License-Identifier: Apache-2.0 */
/* conversing.h - a session with an offer of its own, which runs nothing, and the test as its
 * client. */
#pragma once

#include "hearing.h"
#include "mcp/hub.h"
#include "mcp/session.h"

/* _meta of a request of the modern era, its version as JSON. */
#define META_MORE(version, capabilities, more)              \
    "{\"io.modelcontextprotocol/protocolVersion\":" version \
    ",\"io.modelcontextprotocol/clientCapabilities\":" capabilities more "}"
#define META(version) META_MORE(version, "{}", "")
#define NOW           "\"2026-07-28\""

#define REQUEST(id, method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" params "}}"
#define MODERN(id, method, params) REQUEST(id, method, "\"_meta\":" META(NOW) params)
#define CANCEL(id) \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" id "}}"

/* A call of the tool `ask` by a client that can be asked. */
#define ABLE "{\"elicitation\":{},\"roots\":{}}"
#define ASK(id, more) \
    REQUEST(id, "tools/call", "\"name\":\"ask\",\"_meta\":" META_MORE(NOW, ABLE, "") more)

struct conversing {
    struct hub *hub;
    struct session *session;
    char **sent, **pushed;
    int code;        /* of the last answer */
    unsigned silent; /* last words without a line */
    bool behind;
    struct call *waiting; /* of the tool `wait` */
};

/* The call of the tool `wait` that is open, of whichever session. */
static struct call *test_waiting;

static inline void wait_over(struct call *call, bool grace)
{
    (void)grace;
    test_waiting = NULL;
    call_answer(call, json_object_new_object());
}

static inline struct json_object *test_result(struct json_object *value)
{
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", json_object_new_array());
    json_object_object_add(result, "structuredContent", value);
    return result;
}

static inline void test_echo(struct call *call, struct json_object *arguments)
{
    call_answer(call, test_result(json_object_get(arguments)));
}

static inline void test_wait(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    call->cancel = wait_over;
    test_waiting = call;
}

static inline void test_say(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    call_log(call, SAY_DEBUG, NULL, json_object_new_string("quietly"));
    call_log(call, SAY_ERROR, "test", json_object_new_string("loudly"));
    call_answer(call, test_result(NULL));
}

/* Asks for two things, and for what is missing again; its state counts the rounds. */
static inline void test_ask(struct call *call, struct json_object *arguments)
{
    struct json_object *answers = call->responses, *requests = json_object_new_object();
    int round = call->state ? json_object_get_int(call->state) : 0;
    (void)arguments;
    if (!json_object_object_get_ex(answers, "name", NULL))
        json_object_object_add(
            requests, "name",
            json_tokener_parse(
                "{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\"}}"));
    if (!json_object_object_get_ex(answers, "roots", NULL))
        json_object_object_add(requests, "roots",
                               json_tokener_parse("{\"method\":\"roots/list\"}"));
    if (json_object_object_length(requests) > 0) {
        call_ask(call, requests, json_object_new_int(round + 1));
        return;
    }
    json_object_put(requests);
    struct json_object *value = json_object_get(answers);
    json_object_object_add(value, "rounds", json_object_new_int(round));
    call_answer(call, test_result(value));
}

static inline void test_greet(struct call *call, struct json_object *arguments)
{
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "messages", json_object_new_array());
    json_object_object_add(result, "description", json_object_get(at(arguments, "who")));
    call_answer(call, result);
}

#define TEST_RESOURCES 250

static inline struct json_object *test_resources(struct call *call)
{
    struct json_object *list = json_object_new_array();
    (void)call;
    for (int i = 0; i < TEST_RESOURCES; i++) {
        struct json_object *row = json_object_new_object();
        autofree char *uri = xasprintf("test://%d", i);
        json_object_object_add(row, "uri", json_object_new_string(uri));
        json_object_object_add(row, "name", json_object_new_string(uri));
        json_object_array_add(list, row);
    }
    return list;
}

static inline void test_read(struct call *call, const char *uri)
{
    if (strcmp(uri, "test://a") != 0) {
        call_absent(call, uri, "nothing is there");
        return;
    }
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "contents", json_object_new_array());
    call_keepable(call, 500, false);
    call_answer(call, result);
}

static inline void test_complete(struct call *call, const struct completion *asked)
{
    char **values = NULL;
    for (int i = 0; i < 150; i++)
        list_add_owned(&values, xasprintf("%s%d", asked->value, i));
    call_complete(call, values, list_len(values));
    list_free(values);
}

static const struct tool test_tools[] = {
    { .name = "echo",
      .title = "E",
      .description = "D",
      .read_only = true,
      .handle = test_echo,
      .input_schema = "{\"type\":\"object\"}" },
    { .name = "wait", .handle = test_wait, .input_schema = "{\"type\":\"object\"}" },
    { .name = "say", .handle = test_say, .input_schema = "{\"type\":\"object\"}" },
    { .name = "ask", .handle = test_ask, .input_schema = "{\"type\":\"object\"}" },
};

static const struct prompt_argument test_arguments[] = { { "who", "whom", true },
                                                         { NULL, NULL, false } };

static const struct prompt test_prompts[] = {
    { .name = "greet", .arguments = test_arguments, .get = test_greet },
    { .name = "plain", .get = test_greet },
};

static const struct offer test_offer = {
    .name = "test",
    .version = "3",
    .instructions = "none",
    .extensions = "{\"io.modelcontextprotocol/tasks\":{}}",
    .tools = test_tools,
    .tool_count = COUNT(test_tools),
    .prompts = test_prompts,
    .prompt_count = COUNT(test_prompts),
    .resources = test_resources,
    .read = test_read,
    .complete = test_complete,
    .logs = true,
    .changes = CHANGE_TOOLS | CHANGE_RESOURCES | CHANGE_RESOURCE | CHANGE_TASK,
    .ttl_ms = 60000,
};

static inline void conversing_notify(void *context, const char *line)
{
    list_add(&((struct conversing *)context)->sent, line);
}

static inline void conversing_answer(void *context, int code, const char *line)
{
    struct conversing *talk = context;
    talk->code = code;
    if (line)
        list_add(&talk->sent, line);
    else
        talk->silent++;
}

static inline void conversing_push(void *context, const char *line)
{
    list_add(&((struct conversing *)context)->pushed, line);
}

static inline bool conversing_behind(void *context)
{
    return ((struct conversing *)context)->behind;
}

static inline struct sink conversing_sink(struct conversing *talk)
{
    return (struct sink){ .notify = conversing_notify,
                          .answer = conversing_answer,
                          .behind = conversing_behind,
                          .context = talk };
}

static inline void conversing_begin(struct conversing *talk, const struct offer *offer,
                                    enum session_kind kind)
{
    *talk = (struct conversing){ .hub = hub_new() };
    const struct session_parts parts = { .offer = offer,
                                         .hub = talk->hub,
                                         .kind = kind,
                                         .push = conversing_push,
                                         .behind = conversing_behind,
                                         .context = talk };
    talk->session = session_new(&parts);
}

static inline void conversing_end(struct conversing *talk)
{
    session_free(talk->session);
    hub_free(talk->hub);
    list_free(talk->sent);
    list_free(talk->pushed);
}

static inline int conversing_setup(void **state)
{
    struct conversing *talk = xcalloc(1, sizeof(*talk));
    conversing_begin(talk, &test_offer, SESSION_BOTH);
    *state = talk;
    return 0;
}

static inline int conversing_teardown(void **state)
{
    conversing_end(*state);
    free(*state);
    return 0;
}

static inline enum taken conversing_say(struct conversing *talk, const char *line)
{
    const struct sink sink = conversing_sink(talk);
    return session_message(talk->session, line, strlen(line), &sink, NULL);
}

/* The next line that was sent. */
static inline struct json_object *conversing_hear(struct conversing *talk)
{
    return hearing_next(talk->sent);
}

static inline struct json_object *conversing_ask(struct conversing *talk, const char *line)
{
    assert_int_equal(conversing_say(talk, line), TAKEN_ANSWERED);
    return conversing_hear(talk);
}

static inline void conversing_is(struct conversing *talk, const char *line, const char *path,
                                 const char *wanted)
{
    struct json_object *message = conversing_ask(talk, line);
    assert_text(message, path, wanted);
    json_object_put(message);
}

static inline void conversing_quiet(const struct conversing *talk)
{
    if (list_len(talk->sent) > 0)
        fail_msg("sent: %s", talk->sent[0]);
}

static inline void conversing_hello(struct conversing *talk, const char *version,
                                    const char *capabilities)
{
    autofree char *line =
        xasprintf(REQUEST("0", "initialize", "\"protocolVersion\":\"%s\",\"capabilities\":%s"),
                  version, capabilities);
    conversing_is(talk, line, "result.protocolVersion", version);
}
