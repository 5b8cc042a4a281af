/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>

#include "fake_gate.h"
#include "hearing.h"
#include "mcp/gate.h"
#include "mcp/hub.h"
#include "mcp/job.h"
#include "mcp/owner.h"
#include "mcp/product.h"
#include "mcp/session.h"
#include "mcp/turns.h"
#include "str.h"

/* --- a session between a test that is the client and a test that is the gate ------ */

#define RUNS_MAX 3

struct talk {
    struct event_base *base;
    struct gate *gate;
    struct jobs *jobs;
    struct principals principals;
    struct owners *owners;
    struct hub *hub;
    struct session *session;
    struct turns turns;
    int other;
    char **sent; /* not looked at yet */
    unsigned idle, deaths;
    bool behind; /* the client has much to read already */
};

static void keep_line(void *context, const char *line)
{
    struct talk *talk = context;
    list_add(&talk->sent, line);
}

static void keep_answer(void *context, int code, const char *line)
{
    (void)code;
    if (line)
        keep_line(context, line);
}

static void count_idle(void *context)
{
    ((struct talk *)context)->idle++;
}

static void count_death(void *context)
{
    ((struct talk *)context)->deaths++;
}

static void ignore_idle(void *context)
{
    (void)context;
}

static bool is_behind(void *context)
{
    return ((struct talk *)context)->behind;
}

static struct sink sink_of(struct talk *talk)
{
    return (struct sink){
        .notify = keep_line, .answer = keep_answer, .behind = is_behind, .context = talk
    };
}

static void say(struct talk *talk, const char *line)
{
    const struct sink sink = sink_of(talk);
    (void)session_message(talk->session, line, strlen(line), &sink, NULL);
}

static int setup(void **state)
{
    struct talk *talk = xcalloc(1, sizeof(*talk));
    int ends[2];
    (void)signal(SIGPIPE, SIG_IGN); /* as every program here does */
    fake_gate_open(ends);
    talk->base = event_base_new();
    talk->gate = gate_new(talk->base, ends[0], count_death, talk);
    talk->other = ends[1];
    const struct turns_parts turns = { .base = talk->base, .places = RUNS_MAX, .begins = RUNS_MAX };
    turns_init(&talk->turns, &turns);
    const struct jobs_parts jobs = {
        .base = talk->base, .gate = talk->gate, .turns = &talk->turns, .idle = ignore_idle
    };
    talk->jobs = jobs_new(&jobs);
    const struct services services = {
        .base = talk->base, .gate = talk->gate, .jobs = talk->jobs, .default_policy = "default"
    };
    talk->owners = owners_new(&talk->principals, &services);
    talk->hub = hub_new();
    const struct session_parts parts = {
        .offer = &product_offer,
        .services = owner_services(owner_find(talk->owners, OWNER_LOCAL), SCOPES_ALL),
        .hub = talk->hub,
        .push = keep_line,
        .idle = count_idle,
        .context = talk,
    };
    talk->session = session_new(&parts);
    *state = talk;
    return 0;
}

static int teardown(void **state)
{
    struct talk *talk = *state;
    session_free(talk->session);
    hub_free(talk->hub);
    jobs_free(talk->jobs);
    owners_free(talk->owners);
    gate_free(talk->gate);
    turns_done(&talk->turns);
    event_base_free(talk->base);
    own_close(&talk->other);
    list_free(talk->sent);
    free(talk);
    return 0;
}

/* The oldest line that was sent; fails where there is none. */
static struct json_object *heard(struct talk *talk)
{
    return hearing_next(talk->sent);
}

static void assert_silence(struct talk *talk)
{
    if (list_len(talk->sent) != 0)
        fail_msg("sent: %s", talk->sent[0]);
}

static void answer_is(struct talk *talk, const char *line, const char *path, const char *wanted)
{
    say(talk, line);
    struct json_object *message = heard(talk);
    assert_text(message, path, wanted);
    json_object_put(message);
    assert_silence(talk);
}

#define REQUEST(id, method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" params "}}"
#define HELLO REQUEST("0", "initialize", "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}")
#define CALL(id, tool, arguments) \
    REQUEST(id, "tools/call", "\"name\":\"" tool "\",\"arguments\":{" arguments "}")
#define INLINE(id) CALL(id, "py_run_script_with_dependencies", "\"script_content\":\"print(1)\"")
#define CANCEL(id) \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" id "}}"

static void hello(struct talk *talk)
{
    answer_is(talk, HELLO, "result.protocolVersion", "2025-11-25");
}

static void turn(struct talk *talk)
{
    for (int i = 0; i < 20; i++)
        (void)event_base_loop(talk->base, EVLOOP_NONBLOCK);
}

/* Until something is sent or the session is idle: bytes travel through pipes. */
static void wait_for_answer(struct talk *talk)
{
    for (int i = 0; list_len(talk->sent) == 0 && i < 1000; i++)
        (void)event_base_loop(talk->base, EVLOOP_ONCE);
}

/* --- handshake ------------------------------------------------------------------- */

static void a_known_version_is_echoed_and_any_other_gets_our_newest(void **state)
{
    (void)state;
    static const char *const rows[][2] = { { "2025-06-18", "2025-06-18" },
                                           { "2025-11-25", "2025-11-25" },
                                           { "2025-03-26", "2025-03-26" },
                                           { "2026-07-28", "2025-11-25" },
                                           { "", "2025-11-25" } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *talk;
        setup(&talk);
        autofree char *line =
            xasprintf(REQUEST("\"a\"", "initialize", "\"protocolVersion\":\"%s\""), rows[i][0]);
        answer_is(talk, line, "result.protocolVersion", rows[i][1]);
        teardown(&talk);
    }
}

static void before_initialize_only_it_and_ping_are_served(void **state)
{
    struct talk *talk = *state;
    answer_is(talk, REQUEST("1", "server/discover", ""), "error.code", "-32602");
    answer_is(talk, REQUEST("2", "ping", ""), "result", "{ }");
    answer_is(talk, REQUEST("3", "tools/list", ""), "error.code", "-32600");
    answer_is(talk, INLINE("4"), "error.code", "-32600");
    answer_is(talk, REQUEST("5", "initialize", ""), "error.code", "-32602");
    hello(talk);
    answer_is(talk, HELLO, "error.code", "-32600");
    answer_is(talk, REQUEST("6", "server/discover", ""), "error.code", "-32601");
}

static void methods_and_parameters_have_their_errors(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    answer_is(talk, REQUEST("1", "logging/setLevel", "\"level\":\"info\""), "error.code", "-32601");
    answer_is(talk, REQUEST("2", "notifications/cancelled", ""), "error.code", "-32601");
    answer_is(talk, REQUEST("3", "tools/list", "\"cursor\":\"x\""), "error.code", "-32602");
    answer_is(talk, REQUEST("4", "tools/call", ""), "error.code", "-32602");
    answer_is(talk, CALL("5", "rm", ""), "error.code", "-32602");
    answer_is(talk,
              REQUEST("6", "tools/call", "\"name\":\"py_run_script_in_dir\",\"arguments\":[]"),
              "error.code", "-32602");
    answer_is(talk, "nonsense", "error.code", "-32700");
    answer_is(talk, "[]", "error.code", "-32600");
}

static void notifications_are_never_answered(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"}");
    say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"tools/list\"}");
    say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\",\"params\":[]}");
    say(talk, CANCEL("77"));
    say(talk, CANCEL("null"));
    say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}");
    assert_silence(talk);
}

static void the_tools_are_listed_with_their_schemas(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, REQUEST("\"list\"", "tools/list", ""));
    struct json_object *message = heard(talk);
    assert_text(message, "id", "list");
    struct json_object *tools = at(message, "result.tools");
    assert_text(message, "result.tools.0.name", "py_run_script_in_dir");
    assert_text(message, "result.tools.1.name", "py_run_script_with_dependencies");
    for (size_t i = 0; i < json_object_array_length(tools); i++) {
        struct json_object *tool = json_object_array_get_idx(tools, i);
        assert_text(tool, "outputSchema.type", "object");
        assert_non_null(at(tool, "outputSchema.required.0"));
        assert_text(tool, "inputSchema.additionalProperties", "false");
        const char *name = json_object_get_string(at(tool, "name"));
        bool looks = strstr(name, "_list_") || strstr(name, "_status");
        assert_text(tool, "annotations.readOnlyHint", looks ? "true" : "false");
    }
    json_object_put(message);
}

static void a_line_that_is_too_long_is_answered_to_its_id(void **state)
{
    struct talk *talk = *state;
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"par";
    const struct sink sink = sink_of(talk);
    session_too_long(talk->session, head, strlen(head), &sink);
    struct json_object *message = heard(talk);
    assert_text(message, "id", "9");
    assert_text(message, "error.code", "-32600");
    json_object_put(message);
}

/* --- calls ------------------------------------------------------------------------- */

static void bad_arguments_are_a_result_that_says_so(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, CALL("1", "py_run_script_with_dependencies",
                   "\"script_content\":\"1\",\"timeout_seconds\":-5"));
    struct json_object *message = heard(talk);
    assert_text(message, "result.isError", "true");
    assert_text(message, "result.structuredContent.end", "refused");
    assert_text(message, "result.structuredContent.exit_code", "126");
    const char *text = json_object_get_string(at(message, "result.content.0.text"));
    assert_non_null(strstr(text, "timeout_seconds must be from 0"));
    json_object_put(message);
    assert_int_equal(session_calls(talk->session), 0);
}

static void inline_code_runs_without_a_question(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk,
        CALL("\"x\"", "py_run_script_with_dependencies",
             "\"script_content\":\"import yaml\",\"args\":[\"a b\"],\"env_vars\":{\"A\":\"1\"},"
             "\"dependencies\":[\"rich\"]"));
    assert_silence(talk);
    struct launch launch;
    fake_gate_launched(talk->other, &launch);
    assert_null(launch.workspace);
    assert_null(launch.script_path);
    assert_string_equal(launch.argv[0], "a b");
    assert_string_equal(launch.env[0], "A=1");
    assert_string_equal(launch.requirements[0], "rich");
    assert_string_equal(launch.imports[0], "yaml");
    assert_false(launch.project);
    assert_string_equal(launch.policy, "default");
    assert_int_equal(launch.asked.wall_ms, 300000);
    assert_true(launch.wall_lower);
    assert_int_equal(launch.fds[FD_STDIN], -1);
    fake_gate_run(&launch, "1\n", END_EXITED, 3);
    wait_for_answer(talk);
    struct json_object *message = heard(talk);
    assert_text(message, "id", "x");
    assert_text(message, "result.isError", "false");
    assert_text(message, "result.structuredContent.stdout", "1\n");
    assert_text(message, "result.structuredContent.exit_code", "3");
    struct json_object *twin =
        json_tokener_parse(json_object_get_string(at(message, "result.content.0.text")));
    assert_true(json_object_equal(twin, at(message, "result.structuredContent")));
    json_object_put(twin);
    json_object_put(message);
    assert_int_equal(talk->idle, 2); /* and after the handshake */
}

static void a_directory_and_its_files_are_judged_first(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, CALL("1", "py_run_script_in_dir",
                   "\"directory\":\"proj\",\"script_path\":\"a.py\",\"env_file\":\".env\","
                   "\"env_vars\":{\"B\":\"mine\"}"));
    struct resolve ask = fake_gate_asked(talk->other);
    assert_string_equal(ask.directory, "proj");
    assert_string_equal(ask.path, "a.py");
    fake_gate_answer(talk->other, &ask, "/srv/proj", "/srv/proj/a.py", "print(1)", NULL);
    turn(talk);
    ask = fake_gate_asked(talk->other);
    assert_string_equal(ask.directory, "/srv/proj");
    assert_string_equal(ask.path, ".env");
    fake_gate_answer(talk->other, &ask, "/srv/proj", "/srv/proj/.env", "A=file\nB=file\n", NULL);
    turn(talk);
    struct launch launch;
    fake_gate_launched(talk->other, &launch);
    assert_string_equal(launch.workspace, "/srv/proj");
    assert_string_equal(launch.script_path, "/srv/proj/a.py");
    assert_int_equal(launch.fds[FD_SCRIPT], -1);
    assert_int_equal(list_len(launch.env), 2);
    assert_string_equal(launch.env[0], "A=file");
    assert_string_equal(launch.env[1], "B=mine");
    fake_gate_run(&launch, NULL, END_WALL, 0);
    wait_for_answer(talk);
    struct json_object *message = heard(talk);
    assert_text(message, "result.isError", "false");
    assert_text(message, "result.structuredContent.exit_code", "124");
    json_object_put(message);
}

static void say_progress(struct talk *talk, const struct launch *launch, double current)
{
    struct note note = { .kind = NOTE_PROGRESS, .progress = { current, 4, "so far" } };
    fake_gate_note(launch, &note);
    turn(talk);
}

static double told_progress(struct talk *talk)
{
    struct json_object *message = heard(talk);
    assert_text(message, "method", "notifications/progress");
    assert_text(message, "params.progressToken", "t");
    assert_null(at(message, "id"));
    double value = json_object_get_double(at(message, "params.progress"));
    json_object_put(message);
    return value;
}

static void progress_always_grows_and_waits_for_nobody(void **state)
{
    struct talk *talk = *state;
    struct launch launch;
    hello(talk);
    say(talk, REQUEST("1", "tools/call",
                      "\"name\":\"py_run_script_with_dependencies\",\"arguments\":{"
                      "\"script_content\":\"1\"},\"_meta\":{\"progressToken\":\"t\"}"));
    fake_gate_launched(talk->other, &launch);
    static const double said[] = { 0, 2, 1, 1, 2, 3 };
    double last = -1;
    for (size_t i = 0; i < COUNT(said); i++) {
        say_progress(talk, &launch, said[i]);
        double value = told_progress(talk);
        assert_true(value > last && value < 4);
        last = value;
    }
    /* Who does not read is not told, and hears the last word once it reads again. */
    talk->behind = true;
    say_progress(talk, &launch, 3.5);
    assert_silence(talk);
    talk->behind = false;
    say_progress(talk, &launch, 4);
    assert_true(told_progress(talk) > 3.9);
    say(talk, CANCEL("1"));
    say_progress(talk, &launch, 4);
    assert_silence(talk);
    fake_gate_run(&launch, NULL, END_CANCELLED, 0);
    turn(talk);
    assert_silence(talk);
}

static void a_text_of_the_gate_is_a_resource(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, REQUEST("1", "resources/read", "\"uri\":\"cordon://policies/strict\""));
    struct resolve ask = fake_gate_asked(talk->other);
    assert_int_equal(ask.what, RESOLVE_POLICY);
    assert_string_equal(ask.path, "strict");
    fake_gate_answer(talk->other, &ask, NULL, "strict", "{}", NULL);
    turn(talk);
    struct json_object *message = heard(talk);
    assert_text(message, "result.contents.0.text", "{}");
    json_object_put(message);
    /* The gate dies while it is asked. */
    say(talk, REQUEST("2", "resources/read", "\"uri\":\"cordon://check\""));
    ask = fake_gate_asked(talk->other);
    assert_int_equal(ask.what, RESOLVE_CHECK);
    resolve_done(&ask);
    close(talk->other);
    talk->other = -1;
    turn(talk);
    message = heard(talk);
    assert_text(message, "error.code", "-32603");
    json_object_put(message);
    assert_int_equal(session_calls(talk->session), 0);
}

static void a_question_about_a_resource_can_be_given_up(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, REQUEST("1", "resources/read", "\"uri\":\"cordon://check\""));
    say(talk, CANCEL("1"));
    assert_int_equal(session_calls(talk->session), 0);
    struct resolve ask = fake_gate_asked(talk->other);
    fake_gate_answer(talk->other, &ask, NULL, NULL, "{}", NULL);
    turn(talk);
    assert_silence(talk);
}

static void a_script_alone_travels_and_keeps_its_path(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, CALL("1", "py_run_script_with_dependencies", "\"script_path\":\"a.py\""));
    struct resolve ask = fake_gate_asked(talk->other);
    assert_null(ask.directory);
    fake_gate_answer(talk->other, &ask, "/srv", "/srv/a.py", "print(1)", NULL);
    turn(talk);
    struct launch launch;
    fake_gate_launched(talk->other, &launch);
    assert_null(launch.workspace);
    assert_string_equal(launch.script_path, "/srv/a.py");
    assert_true(fd_is_sealed(launch.fds[FD_SCRIPT]));
    fake_gate_run(&launch, NULL, END_EXITED, 0);
    wait_for_answer(talk);
    json_object_put(heard(talk));
}

static void what_the_gate_refuses_names_the_parameter(void **state)
{
    struct talk *talk = *state;
    static const struct {
        const char *arguments, *parameter;
        int file;          /* the question that is refused */
        const char *found; /* the directory, where that was good */
    } rows[] = {
        { "\"directory\":\"/etc\",\"script_content\":\"1\"", "directory: ", 0, NULL },
        { "\"directory\":\"/etc\",\"script_path\":\"x.py\"", "directory: ", 0, NULL },
        { "\"directory\":\"/srv\",\"script_path\":\"../x.py\"", "script_path: ", 0, "/srv" },
        { "\"directory\":\"/srv\",\"script_content\":\"1\",\"env_file\":\"x\"", "env_file: ", 1,
          NULL },
    };
    hello(talk);
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *line = xasprintf(CALL("1", "py_run_script_in_dir", "%s"), rows[i].arguments);
        say(talk, line);
        struct resolve ask = fake_gate_asked(talk->other);
        if (rows[i].file) {
            fake_gate_answer(talk->other, &ask, "/srv", NULL, NULL, NULL);
            turn(talk);
            ask = fake_gate_asked(talk->other);
        }
        fake_gate_answer(talk->other, &ask, rows[i].found, NULL, NULL,
                         "not beneath a root (--root)");
        turn(talk);
        struct json_object *message = heard(talk);
        assert_text(message, "result.isError", "true");
        autofree char *sentence = xasprintf("%snot beneath a root (--root)", rows[i].parameter);
        assert_text(message, "result.structuredContent.error", sentence);
        assert_text(message, "result.structuredContent.end", "refused");
        json_object_put(message);
    }
}

static void a_broken_env_file_is_one_clear_line(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, CALL("1", "py_run_script_with_dependencies",
                   "\"script_content\":\"1\",\"env_file\":\"x.env\""));
    struct resolve ask = fake_gate_asked(talk->other);
    fake_gate_answer(talk->other, &ask, "/srv", "/srv/x.env", "A=1\n=broken\n", NULL);
    turn(talk);
    struct json_object *message = heard(talk);
    const char *error = json_object_get_string(at(message, "result.structuredContent.error"));
    if (!strstr(error, "env_file: line 2: "))
        fail_msg("%s", error);
    json_object_put(message);
}

static void answers_come_in_the_order_of_their_ends(void **state)
{
    struct talk *talk = *state;
    struct launch first, second;
    hello(talk);
    say(talk, INLINE("1"));
    say(talk, INLINE("2"));
    fake_gate_launched(talk->other, &first);
    fake_gate_launched(talk->other, &second);
    assert_string_not_equal(first.job, second.job);
    fake_gate_run(&second, "2", END_EXITED, 0);
    wait_for_answer(talk);
    struct json_object *message = heard(talk);
    assert_text(message, "id", "2");
    json_object_put(message);
    answer_is(talk, REQUEST("3", "ping", ""), "id", "3");
    fake_gate_run(&first, "1", END_EXITED, 0);
    wait_for_answer(talk);
    message = heard(talk);
    assert_text(message, "id", "1");
    json_object_put(message);
}

static void a_cancelled_run_ends_and_nothing_is_sent(void **state)
{
    struct talk *talk = *state;
    struct launch launch;
    hello(talk);
    say(talk, INLINE("\"a\""));
    fake_gate_launched(talk->other, &launch);
    assert_false(fake_gate_cancelled(&launch));
    say(talk, CANCEL("\"\\u0061\""));
    assert_true(fake_gate_cancelled(&launch));
    /* The id is free again, though the run is still on its way out. */
    say(talk, INLINE("\"a\""));
    struct launch again;
    fake_gate_launched(talk->other, &again);
    fake_gate_run(&launch, "late", END_CANCELLED, 0);
    turn(talk);
    assert_silence(talk);
    fake_gate_run(&again, "new", END_EXITED, 0);
    wait_for_answer(talk);
    struct json_object *message = heard(talk);
    assert_text(message, "result.structuredContent.stdout", "new");
    json_object_put(message);
}

static void a_call_is_cancelled_while_its_path_is_judged(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    say(talk, CALL("7", "py_run_script_in_dir", "\"directory\":\"/srv\",\"script_content\":\"1\""));
    struct resolve ask = fake_gate_asked(talk->other);
    say(talk, CANCEL("7.0"));
    assert_int_equal(session_calls(talk->session), 1);
    say(talk, CANCEL("7"));
    assert_int_equal(session_calls(talk->session), 0);
    fake_gate_answer(talk->other, &ask, "/srv", NULL, NULL, NULL);
    turn(talk);
    assert_silence(talk);
}

static void an_id_in_use_is_refused_without_it(void **state)
{
    struct talk *talk = *state;
    struct launch launch;
    hello(talk);
    say(talk, INLINE("1"));
    say(talk, INLINE("1"));
    struct json_object *message = heard(talk);
    assert_null(at(message, "id"));
    assert_text(message, "error.code", "-32600");
    json_object_put(message);
    fake_gate_launched(talk->other, &launch);
    fake_gate_run(&launch, "once", END_EXITED, 0);
    wait_for_answer(talk);
    message = heard(talk);
    assert_text(message, "result.structuredContent.stdout", "once");
    json_object_put(message);
    assert_silence(talk);
}

static void too_many_calls_are_told_to_come_back(void **state)
{
    struct talk *talk = *state;
    hello(talk);
    for (int i = 0; i < CALLS_MAX + 3; i++) {
        autofree char *line = xasprintf(CALL("%d", "py_run_script_in_dir",
                                             "\"directory\":\"/srv\",\"script_content\":\"1\""),
                                        i);
        say(talk, line);
    }
    assert_int_equal(session_calls(talk->session), CALLS_MAX);
    assert_int_equal(list_len(talk->sent), 3);
    struct json_object *message = heard(talk);
    assert_text(message, "result.isError", "true");
    json_object_put(message);
    list_free(talk->sent);
    talk->sent = NULL;
    session_cancel_all(talk->session, true);
    assert_int_equal(session_calls(talk->session), 0);
    assert_silence(talk);
    assert_true(talk->idle >= 1);
}

static void only_so_many_run_and_the_next_follows(void **state)
{
    struct talk *talk = *state;
    enum { CALLS = RUNS_MAX + 4 };
    struct launch launches[CALLS];
    hello(talk);
    for (int i = 0; i < CALLS; i++) {
        autofree char *line = xasprintf(INLINE("%d"), i);
        say(talk, line);
    }
    for (int i = 0; i < RUNS_MAX; i++)
        fake_gate_launched(talk->other, &launches[i]);
    (void)fcntl(talk->other, F_SETFL, O_NONBLOCK);
    char byte;
    assert_int_equal(recv(talk->other, &byte, 1, MSG_PEEK), -1);
    say(talk, CANCEL("4")); /* one of those that wait */
    turn(talk);
    assert_int_equal(session_calls(talk->session), CALLS - 1);
    for (int i = RUNS_MAX, next = 0; i < CALLS - 1; i++, next++) {
        fake_gate_run(&launches[next], NULL, END_EXITED, 0);
        wait_for_answer(talk);
        json_object_put(heard(talk));
        fake_gate_launched(talk->other, &launches[i]);
        assert_int_equal(recv(talk->other, &byte, 1, MSG_PEEK), -1);
    }
    for (int i = CALLS - 1 - RUNS_MAX; i < CALLS - 1; i++)
        fake_gate_run(&launches[i], NULL, END_EXITED, 0);
    for (int i = 0; i < 1000 && session_calls(talk->session) > 0; i++)
        (void)event_base_loop(talk->base, EVLOOP_ONCE);
    assert_int_equal(list_len(talk->sent), RUNS_MAX);
    assert_int_equal(talk->turns.taken, 0);
}

static void when_the_gate_dies_every_call_is_a_fault(void **state)
{
    struct talk *talk = *state;
    struct launch launch;
    hello(talk);
    say(talk, INLINE("1"));
    fake_gate_launched(talk->other, &launch);
    say(talk, CALL("2", "py_run_script_in_dir", "\"directory\":\"/srv\",\"script_content\":\"1\""));
    launch_done(&launch); /* its supervisor dies along */
    own_close(&talk->other);
    talk->other = -1;
    for (int i = 0; i < 1000 && session_calls(talk->session) > 0; i++)
        (void)event_base_loop(talk->base, EVLOOP_ONCE);
    assert_int_equal(talk->deaths, 1);
    assert_int_equal(list_len(talk->sent), 2);
    for (int i = 0; i < 2; i++) {
        struct json_object *message = heard(talk);
        assert_text(message, "result.isError", "true");
        assert_text(message, "result.structuredContent.end", "fault");
        assert_text(message, "result.structuredContent.exit_code", "125");
        json_object_put(message);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_known_version_is_echoed_and_any_other_gets_our_newest),
    TEST(before_initialize_only_it_and_ping_are_served),
    TEST(methods_and_parameters_have_their_errors),
    TEST(notifications_are_never_answered),
    TEST(the_tools_are_listed_with_their_schemas),
    TEST(a_line_that_is_too_long_is_answered_to_its_id),
    TEST(bad_arguments_are_a_result_that_says_so),
    TEST(inline_code_runs_without_a_question),
    TEST(a_directory_and_its_files_are_judged_first),
    TEST(a_script_alone_travels_and_keeps_its_path),
    TEST(progress_always_grows_and_waits_for_nobody),
    TEST(a_text_of_the_gate_is_a_resource),
    TEST(a_question_about_a_resource_can_be_given_up),
    TEST(what_the_gate_refuses_names_the_parameter),
    TEST(a_broken_env_file_is_one_clear_line),
    TEST(answers_come_in_the_order_of_their_ends),
    TEST(a_cancelled_run_ends_and_nothing_is_sent),
    TEST(a_call_is_cancelled_while_its_path_is_judged),
    TEST(an_id_in_use_is_refused_without_it),
    TEST(too_many_calls_are_told_to_come_back),
    TEST(only_so_many_run_and_the_next_follows),
    TEST(when_the_gate_dies_every_call_is_a_fault),
};

UNIT_MAIN(tests)
