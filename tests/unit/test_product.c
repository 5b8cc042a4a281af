/* SPDX-License-Identifier: Apache-2.0 */
/* What a task says of its job, and what is told of policies, prompts and names, with a gate that a
 * test plays. */
#include <event2/event.h>
#include <json-c/json.h>
#include <stdio.h>

#include "config.h"
#include "fake_gate.h"
#include "hearing.h"
#include "mcp/gate.h"
#include "mcp/hub.h"
#include "mcp/job.h"
#include "mcp/job_task.h"
#include "mcp/owner.h"
#include "mcp/product.h"
#include "mcp/session.h"
#include "mcp/turns.h"
#include "str.h"

struct served {
    struct event_base *base;
    struct gate *gate;
    struct turns turns;
    struct jobs *jobs;
    struct config config;
    struct services services;
    struct principals principals;
    struct owners *owners;
    struct hub *hub;
    struct session *session;
    int other;
    char **sent;
};

static void ignore(void *context)
{
    (void)context;
}

static bool is_behind(void *context)
{
    (void)context;
    return false;
}

static void keep_line(void *context, const char *line)
{
    struct served *served = context;
    list_add(&served->sent, line);
}

static void keep_answer(void *context, int code, const char *line)
{
    (void)code;
    if (line)
        keep_line(context, line);
}

static int setup(void **state)
{
    struct served *served = xcalloc(1, sizeof(*served));
    int ends[2];
    fake_gate_open(ends);
    served->other = ends[1];
    served->base = event_base_new();
    served->gate = gate_new(served->base, ends[0], ignore, NULL);
    const struct turns_parts turns = { .base = served->base, .places = 1, .begins = 1 };
    turns_init(&served->turns, &turns);
    const struct jobs_parts jobs = {
        .base = served->base, .gate = served->gate, .turns = &served->turns, .idle = ignore
    };
    served->jobs = jobs_new(&jobs);
    served->config.jobs_max_age_ms = 1000;
    list_add(&served->config.client_policies, "default");
    list_add(&served->config.client_policies, "strict");
    served->services = (struct services){ .base = served->base,
                                          .gate = served->gate,
                                          .jobs = served->jobs,
                                          .config = &served->config,
                                          .default_policy = "strict" };
    served->owners = owners_new(&served->principals, &served->services);
    served->hub = hub_new();
    const struct session_parts parts = {
        .offer = &product_offer,
        .services = owner_services(owner_find(served->owners, OWNER_LOCAL), SCOPES_ALL),
        .hub = served->hub,
    };
    served->session = session_new(&parts);
    *state = served;
    return 0;
}

static int teardown(void **state)
{
    struct served *served = *state;
    session_free(served->session);
    hub_free(served->hub);
    jobs_free(served->jobs);
    owners_free(served->owners);
    gate_free(served->gate);
    turns_done(&served->turns);
    event_base_free(served->base);
    own_close(&served->other);
    list_free(served->config.client_policies);
    list_free(served->sent);
    free(served);
    return 0;
}

/* --- tasks --------------------------------------------------------------------------- */

static void a_job_is_told_as_a_task(void **state)
{
    struct served *served = *state;
    static char error[] = "wall limit of 3 s reached", half[] = "half";
    static char exited[] = "{\"status\":\"completed\",\"end\":\"exited\",\"exit_code\":3}";
    static char refused[] = "{\"status\":\"failed\",\"end\":\"refused\"}";
    static char nonsense[] = "[1]";
    static const struct {
        enum job_status status;
        char *result, *error;
        struct progress progress;
        const char *task, *message, *is_error;
    } cases[] = {
        { JOB_PENDING, NULL, NULL, { 0, 0, NULL }, "working", "pending", NULL },
        { JOB_RUNNING, NULL, NULL, { 0, 0, NULL }, "working", "running", NULL },
        { JOB_RUNNING, NULL, NULL, { 1, 2, half }, "working", "1 of 2: half", NULL },
        { JOB_COMPLETED, exited, NULL, { 0, 0, NULL }, "completed", NULL, "false" },
        { JOB_FAILED, exited, error, { 0, 0, NULL }, "completed", NULL, "false" },
        { JOB_FAILED, refused, error, { 0, 0, NULL }, "completed", NULL, "true" },
        { JOB_FAILED, NULL, error, { 0, 0, NULL }, "failed", NULL, NULL },
        { JOB_FAILED, nonsense, NULL, { 0, 0, NULL }, "failed", NULL, NULL },
        { JOB_CANCELLED, exited, error, { 0, 0, NULL }, "cancelled", NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record record = { .id = "6f1c0000-0000-4000-8000-000000000000",
                                 .status = cases[i].status,
                                 .result = cases[i].result,
                                 .error = cases[i].error,
                                 .progress = cases[i].progress,
                                 .created_ms = 1000,
                                 .started_ms = cases[i].status == JOB_PENDING ? 0 : 2000,
                                 .completed_ms = job_status_ended(cases[i].status) ? 3000 : 0 };
        struct json_object *task = job_task_print(&served->services, &record);
        assert_text(task, "status", cases[i].task);
        assert_text(task, "ttlMs", "1000");
        assert_text(task, "createdAt", "1970-01-01T00:00:01.000+00:00");
        if (cases[i].message)
            assert_text(task, "statusMessage", cases[i].message);
        if (cases[i].is_error)
            assert_text(task, "result.isError", cases[i].is_error);
        else
            assert_null(at(task, "result"));
        if (strcmp(cases[i].task, "failed") == 0)
            assert_text(task, "error.code", "-32603");
        else
            assert_null(at(task, "error"));
        json_object_put(task);
    }
}

/* --- cordon://policies ----------------------------------------------------------------- */

#define ASK_ALL                                                                \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{" \
    "\"uri\":\"cordon://policies\",\"_meta\":{"                                \
    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","              \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}"

static void say(struct served *served, const char *line)
{
    const struct sink sink = {
        .notify = keep_line, .answer = keep_answer, .behind = is_behind, .context = served
    };
    (void)session_message(served->session, line, strlen(line), &sink, NULL);
}

static struct json_object *text_heard(struct served *served)
{
    struct json_object *message = hearing_next(served->sent);
    struct json_object *text = at(message, "result.contents.0.text");
    assert_non_null(text);
    struct json_object *object = json_tokener_parse(json_object_get_string(text));
    json_object_put(message);
    return object;
}

static void each_policy_is_asked_for_and_one_that_fails_is_named(void **state)
{
    struct served *served = *state;
    static const char text[] = "{\"purpose\":\"p\",\"limits\":{\"wall\":\"1s\"},\"files\":[]}";
    say(served, ASK_ALL);
    struct resolve asked = fake_gate_asked(served->other);
    assert_string_equal(asked.path, "default");
    fake_gate_answer(served->other, &asked, NULL, NULL, text, NULL);
    (void)event_base_loop(served->base, EVLOOP_ONCE);
    asked = fake_gate_asked(served->other);
    assert_string_equal(asked.path, "strict");
    assert_int_equal(list_len(served->sent), 0);
    fake_gate_answer(served->other, &asked, NULL, NULL, NULL, "not today");
    (void)event_base_loop(served->base, EVLOOP_ONCE);
    struct json_object *said = text_heard(served);
    assert_text(said, "default", "strict");
    assert_text(said, "policies.0.purpose", "p");
    assert_text(said, "policies.0.limits.wall", "1s");
    assert_null(at(said, "policies.0.files"));
    assert_text(said, "policies.1.name", "strict");
    assert_text(said, "policies.1.error", "not today");
    json_object_put(said);
}

static void who_gives_up_meanwhile_leaves_nothing(void **state)
{
    struct served *served = *state;
    say(served, ASK_ALL);
    struct resolve asked = fake_gate_asked(served->other);
    say(served, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                "\"params\":{\"requestId\":1}}");
    assert_int_equal(session_calls(served->session), 0);
    fake_gate_answer(served->other, &asked, NULL, NULL, "{}", NULL);
    (void)event_base_loop(served->base, EVLOOP_ONCE);
    assert_int_equal(list_len(served->sent), 0);
}

/* --- prompts and names ------------------------------------------------------------------ */

#define MODERN(method, params)                                                    \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{" params \
    ",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","     \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}"

static void is_answered(struct served *served, const char *line, const char *path,
                        const char *wanted)
{
    say(served, line);
    struct json_object *message = hearing_next(served->sent);
    assert_text(message, path, wanted);
    json_object_put(message);
}

static void prompts_are_filled_and_names_completed(void **state)
{
    struct served *served = *state;
    static const char wrong[] = "-32602";
    static const struct {
        const char *line, *path, *wanted;
    } cases[] = {
        { MODERN("prompts/get", "\"name\":\"fix_script\",\"arguments\":{\"script\":\"1\"}"),
          "result.messages.0.content.type", "text" },
        { MODERN("prompts/get", "\"name\":\"fix_script\""), "error.code", wrong },
        { MODERN("prompts/get", "\"name\":\"compare_implementations\",\"arguments\":{"
                                "\"first\":\"1\"}"),
          "error.code", wrong },
        { MODERN("prompts/get", "\"name\":\"write_script\",\"arguments\":{\"task\":\"t\"}"),
          "result.messages.0.role", "user" },
        { MODERN("prompts/get", "\"name\":\"use_saved_script\",\"arguments\":{"
                                "\"script_name\":\"../x\"}"),
          "error.code", wrong },
        { MODERN("prompts/get", "\"name\":\"nothing\""), "error.code", wrong },
        { MODERN("completion/complete",
                 "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"write_script\"},"
                 "\"argument\":{\"name\":\"policy\",\"value\":\"st\"}"),
          "result.completion.values.0", "strict" },
        { MODERN("completion/complete",
                 "\"ref\":{\"type\":\"ref/resource\",\"uri\":\"cordon://no/{name}\"},"
                 "\"argument\":{\"name\":\"name\",\"value\":\"\"}"),
          "error.code", wrong },
        { MODERN("resources/read", "\"uri\":\"ui://cordon/run\""), "result.contents.0.mimeType",
          "text/html;profile=mcp-app" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        is_answered(served, cases[i].line, cases[i].path, cases[i].wanted);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(a_job_is_told_as_a_task),
        EACH(each_policy_is_asked_for_and_one_that_fails_is_named),
        EACH(who_gives_up_meanwhile_leaves_nothing),
        EACH(prompts_are_filled_and_names_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
