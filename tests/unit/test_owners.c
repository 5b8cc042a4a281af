/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "config.h"
#include "fake_gate.h"
#include "job/output.h"
#include "job/store.h"
#include "mcp/gate.h"
#include "mcp/hub.h"
#include "mcp/job.h"
#include "mcp/owner.h"
#include "mcp/product.h"
#include "mcp/session.h"
#include "mcp/turns.h"
#include "mcp/wishes.h"
#include "str.h"

/* --- one server with two principals, and the test as its gate ------------------------------ */

static const char configured[] =
    "{\"principals\": {"
    " \"ann\": {},"
    " \"bob\": {\"policies\": [\"strict\"]},"
    " \"eve\": {\"quotas\": {\"running\": 2, \"waiting\": 1, \"memory\": \"1G\", \"cpu\": \"1m\","
    "  \"output\": \"1K\"}, \"rates\": {\"calls_per_minute\": 3, \"runs_per_hour\": 4}},"
    " \"*\": {\"scopes\": [\"run\"]}}}";

struct talk {
    struct server *server;
    struct owner *owner;
    struct session *session;
    char **sent;
};

struct server {
    char path[40];
    int front, other;
    struct config config;
    struct event_base *base;
    struct gate *gate;
    struct turns turns;
    struct jobs *jobs;
    struct store *store;
    struct outputs *outputs;
    struct wishes *wishes;
    struct owners *owners;
    struct hub *hub;
    struct talk ann, bob;
};

static void ignore(void *context)
{
    (void)context;
}

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

static bool never(void *context)
{
    (void)context;
    return false;
}

static void say(struct talk *talk, const char *line)
{
    const struct sink sink = {
        .notify = keep_line, .answer = keep_answer, .behind = never, .context = talk
    };
    (void)session_message(talk->session, line, strlen(line), &sink, NULL);
}

static struct json_object *reply(struct talk *talk, const char *line)
{
    say(talk, line);
    for (int i = 0; list_len(talk->sent) == 0 && i < 1000; i++)
        (void)event_base_loop(talk->server->base, EVLOOP_ONCE);
    assert_int_equal(list_len(talk->sent), 1);
    struct json_object *message = json_tokener_parse(talk->sent[0]);
    list_free(talk->sent);
    talk->sent = NULL;
    return message;
}

#define REQUEST(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":{" params "}}"
#define HELLO REQUEST("initialize", "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}")
#define CALL(tool, arguments) \
    REQUEST("tools/call", "\"name\":\"" tool "\",\"arguments\":{" arguments "}")
#define ASYNC(more)                         \
    CALL("py_run_script_with_dependencies", \
         "\"script_content\":\"print(1)\",\"async_mode\":true" more)

static void enter(struct server *server, struct talk *talk, const char *name)
{
    talk->server = server;
    talk->owner = owner_find(server->owners, name);
    assert_non_null(talk->owner);
    owner_enter(talk->owner);
    const struct session_parts parts = { .offer = &product_offer,
                                         .services = owner_services(talk->owner, SCOPES_ALL),
                                         .hub = server->hub,
                                         .context = talk };
    talk->session = session_new(&parts);
    json_object_put(reply(talk, HELLO));
}

static void leave(struct talk *talk)
{
    session_free(talk->session);
    owner_leave(talk->owner);
    list_free(talk->sent);
}

static int setup(void **state)
{
    struct server *server = xcalloc(1, sizeof(*server));
    struct error err = { 0 };
    int ends[2];
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(server->path, sizeof(server->path), "/tmp/cordon-owners-XXXXXX");
    assert_non_null(mkdtemp(server->path));
    server->front = open(server->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_ok(config_parse("c", configured, strlen(configured), &server->config, &err), &err);
    fake_gate_open(ends);
    server->base = event_base_new();
    server->gate = gate_new(server->base, ends[0], ignore, NULL);
    server->other = ends[1];
    const struct turns_parts turns = { .base = server->base, .places = 100, .begins = 100 };
    turns_init(&server->turns, &turns);
    assert_ok(store_open(server->front, STORE_KEEPER, &server->store, &err), &err);
    assert_ok(outputs_open(server->front, &server->outputs, &err), &err);
    const struct jobs_parts jobs = { .base = server->base,
                                     .gate = server->gate,
                                     .turns = &server->turns,
                                     .store = server->store,
                                     .outputs = server->outputs,
                                     .idle = ignore };
    server->jobs = jobs_new(&jobs);
    server->wishes = wishes_new(server->base, server->store, server->jobs);
    const struct services common = { .base = server->base,
                                     .gate = server->gate,
                                     .jobs = server->jobs,
                                     .turns = &server->turns,
                                     .library = { server->front, server->path, NULL },
                                     .store = server->store,
                                     .outputs = server->outputs,
                                     .wishes = server->wishes,
                                     .config = &server->config,
                                     .default_policy = "default" };
    server->owners = owners_new(&server->config.principals, &common);
    server->hub = hub_new();
    enter(server, &server->ann, "ann");
    enter(server, &server->bob, "bob");
    *state = server;
    return 0;
}

static int teardown(void **state)
{
    struct server *server = *state;
    struct error err = { 0 };
    leave(&server->ann);
    leave(&server->bob);
    hub_free(server->hub);
    assert_int_equal(jobs_count(server->jobs), 0);
    jobs_free(server->jobs);
    wishes_free(server->wishes);
    owners_free(server->owners);
    gate_free(server->gate);
    store_close(server->store);
    outputs_close(server->outputs);
    turns_done(&server->turns);
    event_base_free(server->base);
    config_done(&server->config);
    close(server->other);
    close(server->front);
    int r = tree_remove(AT_FDCWD, server->path, &err);
    free(server);
    return r;
}

/* --- what is said -------------------------------------------------------------------------- */

static struct json_object *at(struct json_object *object, const char *path)
{
    autofree char *copy = xstrdup(path);
    char *rest = copy;
    for (char *name; object && (name = strsep(&rest, "."));) {
        struct json_object *next = NULL;
        if (json_object_is_type(object, json_type_array))
            next = json_object_array_get_idx(object, (size_t)atoi(name));
        else
            (void)json_object_object_get_ex(object, name, &next);
        object = next;
    }
    return object;
}

/* `text` with the id where it says %s; the caller's. */
static char *with_id(const char *text, const char *id)
{
    const char *where = strstr(text, "%s");
    return where ? xasprintf("%.*s%s%s", (int)(where - text), text, id, where + 2) : xstrdup(text);
}

/* Somewhere in the reply stand these words, or (`there` false) they do not. */
static void replies(struct talk *talk, const char *line, const char *words, bool there)
{
    struct json_object *message = reply(talk, line);
    const char *text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!strstr(text, words) == there)
        fail_msg("\"%s\" %s in %s", words, there ? "is not" : "is", text);
    json_object_put(message);
}

static char *started(struct talk *talk, const char *line, struct launch *launch)
{
    struct json_object *message = reply(talk, line);
    const char *id = json_object_get_string(at(message, "result.structuredContent.job_id"));
    char *copy = id ? xstrdup(id) : NULL;
    if (!copy)
        fail_msg("%s", json_object_to_json_string(message));
    json_object_put(message);
    if (launch)
        fake_gate_launched(talk->server->other, launch);
    return copy;
}

static void settle(struct server *server, size_t jobs)
{
    for (int i = 0; jobs_count(server->jobs) > jobs && i < 1000; i++)
        (void)event_base_loop(server->base, EVLOOP_ONCE);
    assert_int_equal(jobs_count(server->jobs), jobs);
}

/* --- invisible, verb by verb ------------------------------------------------------------------ */

static void another_principals_job_is_not_there(struct server *server, const char *id)
{
    static const struct {
        const char *line, *words; /* %s: the id */
        bool there;
    } verbs[] = {
        { CALL("py_job_status", "\"job_id\":\"%s\""), "not found", true },
        { CALL("py_cancel_job", "\"job_id\":\"%s\""), "not found", true },
        { CALL("py_list_jobs", ""), "\"total\":0", true },
        { CALL("py_list_jobs", ""), "%s", false },
        { CALL("py_prune_jobs",
               "\"keep_completed\":false,\"keep_failed\":false,\"max_age_hours\":0"),
          "\"removed\":0,\"remaining\":0", true },
        { REQUEST("resources/read", "\"uri\":\"job-stream://%s\""), "not found", true },
        { REQUEST("resources/read", "\"uri\":\"job-stream://%s?stream=stdout&offset=0\""),
          "not found", true },
        { REQUEST("resources/read", "\"uri\":\"cordon://jobs/%s\""), "not found", true },
        { REQUEST("resources/list", ""), "%s", false },
    };
    for (size_t i = 0; i < COUNT(verbs); i++) {
        autofree char *line = with_id(verbs[i].line, id);
        autofree char *words = with_id(verbs[i].words, id);
        replies(&server->bob, line, words, verbs[i].there);
    }
}

static void jobs_of_another_principal_are_not_there(void **state)
{
    struct server *server = *state;
    struct launch launch;
    autofree char *id = started(&server->ann, ASYNC(""), &launch);
    assert_string_equal(launch.owner, "ann");
    another_principals_job_is_not_there(server, id);
    assert_false(fake_gate_cancelled(&launch));
    fake_gate_run(&launch, "her own output\n", END_EXITED, 0);
    settle(server, 0);
    another_principals_job_is_not_there(server, id);

    autofree char *mine = xasprintf(CALL("py_job_status", "\"job_id\":\"%s\""), id);
    replies(&server->ann, mine, "her own output", true);
    autofree char *stream = xasprintf(REQUEST("resources/read", "\"uri\":\"job-stream://%s\""), id);
    replies(&server->ann, stream, "her own output", true);
    replies(&server->ann, REQUEST("resources/list", ""), id, true);
}

static void scripts_of_another_principal_are_not_there(void **state)
{
    struct server *server = *state;
    replies(&server->ann,
            CALL("py_save_script", "\"script_name\":\"hers\",\"source\":\"print(1)\""),
            "\"written\":true", true);
    replies(&server->bob, CALL("py_list_scripts", ""), "\"total\":0", true);
    replies(&server->bob, REQUEST("resources/list", ""), "hers", false);
    replies(&server->bob, REQUEST("resources/read", "\"uri\":\"cordon://scripts/hers\""),
            "no saved script", true);
    replies(&server->bob, CALL("py_run_saved_script", "\"script_name\":\"hers\""),
            "no saved script", true);
    replies(&server->bob,
            CALL("py_save_script",
                 "\"script_name\":\"hers\",\"source\":\"print(2)\",\"overwrite\":true"),
            "\"written\":true", true);
    replies(&server->ann, REQUEST("resources/read", "\"uri\":\"cordon://scripts/hers\""),
            "print(1)", true);
}

static void readers_do_not_move_each_other(void **state)
{
    struct server *server = *state;
    assert_ptr_not_equal(owner_services(server->ann.owner, SCOPES_ALL)->readers,
                         owner_services(server->bob.owner, SCOPES_ALL)->readers);
}

static void a_principal_is_shown_the_policies_that_it_may_name(void **state)
{
    struct server *server = *state;
    replies(&server->ann, REQUEST("resources/list", ""), "cordon://policies/default", true);
    replies(&server->bob, REQUEST("resources/list", ""), "cordon://policies/default", false);
    replies(&server->bob, REQUEST("resources/list", ""), "cordon://policies/strict", true);
    assert_string_equal(owner_services(server->ann.owner, SCOPES_ALL)->default_policy, "default");
    assert_string_equal(owner_services(server->bob.owner, SCOPES_ALL)->default_policy, "strict");
    say(&server->bob, REQUEST("resources/read", "\"uri\":\"cordon://policies/strict\""));
    struct resolve ask = fake_gate_asked(server->other);
    assert_string_equal(ask.owner, "bob");
    fake_gate_answer(server->other, &ask, NULL, "strict", "{}", NULL);
    for (int i = 0; list_len(server->bob.sent) == 0 && i < 100; i++)
        (void)event_base_loop(server->base, EVLOOP_ONCE);
}

static void who_is_not_configured_is_nobody(void **state)
{
    struct server *server = *state;
    static const char *const nobody[] = { "mallory", "", "../ann", "*", "oauth-12", ".." };
    for (size_t i = 0; i < COUNT(nobody); i++)
        assert_null(owner_find(server->owners, nobody[i]));
    assert_non_null(owner_find(server->owners, "oauth-0123456789abcdef0123456789abcdef"));
    assert_int_equal(owner_find(server->owners, OWNER_LOCAL)->may->scopes, SCOPES_ALL);
}

static void the_owners_that_are_remembered_are_bounded(void **state)
{
    struct server *server = *state;
    struct owner *ann = server->ann.owner;
    for (unsigned i = 0; i < OWNERS_MAX + 10; i++) {
        char name[OWNER_MAX];
        (void)snprintf(name, sizeof(name), PRINCIPAL_DERIVED "%032x", i);
        assert_non_null(owner_find(server->owners, name));
    }
    assert_ptr_equal(owner_find(server->owners, "ann"), ann); /* has a session */
}

/* --- quotas and rates ------------------------------------------------------------------------ */

static void runs_beyond_the_quota_wait_and_then_are_refused(void **state)
{
    struct server *server = *state;
    struct talk eve = { 0 };
    struct launch first, second, third;
    enter(server, &eve, "eve");
    autofree char *a = started(&eve, ASYNC(""), &first);
    autofree char *b = started(&eve, ASYNC(""), &second);
    autofree char *c = started(&eve, ASYNC(""), NULL);
    autofree char *look = xasprintf(CALL("py_job_status", "\"job_id\":\"%s\""), c);
    replies(&eve, look, "\"queue\":{\"position\":1}", true);
    replies(&eve, ASYNC(""), "2 runs of eve are under way and 1 wait", true);

    /* Others are not held up. */
    struct launch other;
    autofree char *d = started(&server->ann, ASYNC(""), &other);
    fake_gate_run(&other, NULL, END_EXITED, 0);
    settle(server, 3);

    fake_gate_run(&first, NULL, END_EXITED, 0);
    settle(server, 2);
    fake_gate_launched(server->other, &third);
    fake_gate_run(&second, NULL, END_EXITED, 0);
    fake_gate_run(&third, NULL, END_EXITED, 0);
    settle(server, 0);
    assert_int_equal(eve.owner->line.waiting, 0);
    assert_int_equal(eve.owner->granted_cpu_ms, 0);

    /* Three and one that never ran were begun; a restart would not forgive them. */
    replies(&eve, ASYNC(""), "\"job_id\"", true);
    fake_gate_launched(server->other, &first);
    fake_gate_run(&first, NULL, END_EXITED, 0);
    settle(server, 0);
    replies(&eve, ASYNC(""), "eve may begin 4 runs an hour, and has begun 4", true);
    leave(&eve);
}

static void memory_is_shared_out_and_cpu_time_used_up(void **state)
{
    struct server *server = *state;
    struct owner *eve = owner_find(server->owners, "eve");
    struct error err = { 0 };
    struct launch launch;
    struct claim one = { 0 }, two = { 0 };
    launch_init(&launch);
    assert_ok(claim_take(&one, eve, 1, &launch, &err), &err);
    assert_string_equal(launch.owner, "eve");
    assert_int_equal(launch.ceiling.memory_bytes, 512ULL << 20);
    assert_ok(claim_run(&one, &launch, &err), &err);
    assert_int_equal(launch.ceiling.cpu_ms, 30000);
    assert_ok(claim_take(&two, eve, 1, &launch, &err), &err);
    assert_ok(claim_run(&two, &launch, &err), &err);
    assert_int_equal(launch.ceiling.cpu_ms, 30000);
    claim_ran(&one, 29500 * NS_PER_MS);

    /* Half a second is left that nobody may have. */
    assert_int_equal(claim_run(&one, &launch, &err), -EDQUOT);
    assert_int_equal(err.blame, BLAME_POLICY);
    assert_says(&err, "of the 1m of CPU time within an hour eve has used 29.5 s");
    claim_ran(&two, 1000 * NS_PER_MS);
    assert_ok(claim_run(&one, &launch, &err), &err);
    assert_int_equal(launch.ceiling.cpu_ms, 29500);
    claim_ran(&one, 0);
    launch.asked.cpu_ms = 30000;
    assert_true(claim_run(&one, &launch, &err) < 0);
    assert_says(&err, "cpu: 30s is more than the 29500ms");
    claim_leave(&one);
    claim_leave(&two);
    launch.asked.memory_bytes = 513ULL << 20;
    assert_int_equal(claim_take(&one, eve, 1, &launch, &err), -EDQUOT);
    assert_says(&err, "memory: 513M is more than the 512M");
    assert_int_equal(eve->jobs, 0);
    launch_done(&launch);
}

static void what_is_kept_is_bounded(void **state)
{
    struct server *server = *state;
    struct talk eve = { 0 };
    struct launch launch;
    struct error err = { 0 };
    char text[1001];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    enter(server, &eve, "eve");
    struct launch other;
    autofree char *a = started(&eve, ASYNC(""), &launch);
    assert_int_equal(launch.ceiling.output_bytes, 512);
    /* Beside it no more than what it was not promised. */
    autofree char *beside = started(&eve, ASYNC(""), &other);
    assert_int_equal(other.ceiling.output_bytes, 256);
    fake_gate_run(&other, "", END_EXITED, 0);
    fake_gate_run(&launch, text, END_EXITED, 0);
    settle(server, 0);
    assert_int_equal(eve.owner->granted_bytes, 0);
    autofree char *b = started(&eve, ASYNC(""), &launch);
    assert_int_equal(launch.ceiling.output_bytes, 12);
    fake_gate_run(&launch, text, END_EXITED, 0);
    settle(server, 0);
    replies(&eve, ASYNC(""), "what is kept for eve takes 2000 bytes, and may take 1K", true);
    replies(&eve, CALL("py_save_script", "\"script_name\":\"x\",\"source\":\"print(1)\""),
            "what is kept for eve", true);
    assert_ok(owner_keep(server->ann.owner, 1 << 20, &err), &err);
    leave(&eve);
}

static void calls_are_counted_by_the_minute(void **state)
{
    struct server *server = *state;
    struct owner *eve = owner_find(server->owners, "eve");
    struct error err = { 0 };
    uint64_t now = 1000 * NS_PER_S, wait = 0;
    for (int i = 0; i < 3; i++)
        assert_ok(owner_call(eve, now, &wait, &err), &err);
    assert_int_equal(owner_call(eve, now, &wait, &err), -EBUSY);
    assert_says(&err, "eve may make 3 calls a minute; try again in 20 s");
    now += 20 * NS_PER_S;
    assert_ok(owner_call(eve, now, &wait, &err), &err);
    assert_true(owner_call(eve, now, &wait, &err) < 0);
    now += 3600 * NS_PER_S; /* what was not used is not saved up */
    for (int i = 0; i < 3; i++)
        assert_ok(owner_call(eve, now, &wait, &err), &err);
    assert_true(owner_call(eve, now, &wait, &err) < 0);
    for (int i = 0; i < 1000; i++)
        assert_ok(owner_call(server->ann.owner, now, &wait, &err), &err);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const struct CMUnitTest tests[] = {
    SERVED(jobs_of_another_principal_are_not_there),
    SERVED(scripts_of_another_principal_are_not_there),
    SERVED(readers_do_not_move_each_other),
    SERVED(a_principal_is_shown_the_policies_that_it_may_name),
    SERVED(who_is_not_configured_is_nobody),
    SERVED(the_owners_that_are_remembered_are_bounded),
    SERVED(runs_beyond_the_quota_wait_and_then_are_refused),
    SERVED(memory_is_shared_out_and_cpu_time_used_up),
    SERVED(what_is_kept_is_bounded),
    SERVED(calls_are_counted_by_the_minute),
};

UNIT_MAIN(tests)
