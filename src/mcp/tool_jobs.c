/* SPDX-License-Identifier: Apache-2.0 */
/* tool_jobs.c - the tools that look at jobs, end them and clear them away. */
#include "mcp/tool_jobs.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "job/record.h"
#include "mcp/job.h"
#include "mcp/job_view.h"
#include "mcp/owner.h"
#include "mcp/readers.h"
#include "mcp/run_page.h"
#include "mcp/services.h"
#include "mcp/tools.h"
#include "mcp/wishes.h"
#include "str.h"

/* Records in one answer: a thousand are half a megabyte. */
#define LIST_MAX 1000

#define HOURS_MAX   1000000
#define MS_PER_HOUR ((int64_t)3600 * 1000)

/* --- parameters ------------------------------------------------------------------------ */

struct jobs_call {
    char *job_id;
    bool incremental;
    char *cursor;
    char *status_filter;
    int64_t limit;
    bool keep_completed, keep_failed;
    int64_t max_age_hours;
};

#define PARAMETER(member, kind_, ...)                                                   \
    {                                                                                   \
        .name = #member, .kind = (kind_), .offset = offsetof(struct jobs_call, member), \
        __VA_ARGS__                                                                     \
    }
#define OPTIONAL .flags = FIELD_NULLABLE, .fallback = "null"

static const struct field job_id = PARAMETER(job_id, FIELD_TEXT, .flags = FIELD_REQUIRED,
                                             .help = "The job_id that a run tool answered with.");

static const struct field incremental = PARAMETER(
    incremental, FIELD_FLAG, .fallback = "true",
    .help = "new_stdout and new_stderr begin where the last call with true ended; false: where "
            "the output begins. Without meaning where cursor is given.");

static const struct field cursor =
    PARAMETER(cursor, FIELD_TEXT, OPTIONAL,
              .help = "The cursor of an earlier answer: new_stdout and new_stderr begin there, "
                      "whoever else has read meanwhile.");

static const struct field status_filter =
    PARAMETER(status_filter, FIELD_TEXT, OPTIONAL,
              .help = "Only jobs that are pending, running, completed, failed or cancelled.");

static const struct field limit = PARAMETER(limit, FIELD_INTEGER, .fallback = "50", .least = 1,
                                            .most = LIST_MAX, .help = "At most so many jobs.");

static const struct field keep_completed =
    PARAMETER(keep_completed, FIELD_FLAG, .fallback = "true",
              .help = "Keep the jobs whose script ended by itself.");

static const struct field keep_failed =
    PARAMETER(keep_failed, FIELD_FLAG, .fallback = "true",
              .help = "Keep the jobs that something else ended.");

static const struct field max_age_hours =
    PARAMETER(max_age_hours, FIELD_INTEGER, .fallback = "24", .least = 0, .most = HOURS_MAX,
              .help = "Remove no job that ended less than so many hours ago.");

const struct field *const job_status_fields[] = { &job_id, &incremental, &cursor, NULL };
const struct field *const list_jobs_fields[] = { &status_filter, &limit, NULL };
const struct field *const cancel_job_fields[] = { &job_id, NULL };
const struct field *const prune_jobs_fields[] = { &keep_completed, &keep_failed, &max_age_hours,
                                                  NULL };

/* --- what they answer ------------------------------------------------------------------- */

#define TEXT_OR_NULL   "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}"
#define OBJECT_OR_NULL "{\"anyOf\":[{\"type\":\"object\"},{\"type\":\"null\"}]}"
#define COUNT_OF       "{\"type\":\"integer\",\"minimum\":0}"
#define STATUS         "{\"enum\":[\"pending\",\"running\",\"completed\",\"failed\",\"cancelled\"]}"

/* clang-format off */
#define RECORD \
    "\"id\":{\"type\":\"string\"},\"label\":" TEXT_OR_NULL ",\"status\":" STATUS "," \
    "\"created_at\":" TEXT_OR_NULL ",\"started_at\":" TEXT_OR_NULL "," \
    "\"completed_at\":" TEXT_OR_NULL ",\"error\":" TEXT_OR_NULL "," \
    "\"result\":" OBJECT_OR_NULL ",\"progress\":" OBJECT_OR_NULL "," \
    "\"tool\":{\"type\":\"string\"},\"policy\":{\"type\":\"string\"}"

const char job_status_schema[] =
    "{\"type\":\"object\",\"required\":[\"job\"],\"properties\":{\"job\":{\"type\":\"object\","
    "\"required\":[\"id\",\"status\"],\"properties\":{" RECORD ","
    "\"queue\":{\"type\":\"object\",\"properties\":{\"position\":" COUNT_OF "}},"
    "\"usage\":{\"type\":\"object\",\"description\":\"while it runs: what it uses now, where somebody "
        "watches\",\"additionalProperties\":{\"type\":\"number\"}},"
    "\"limits\":" OBJECT_OR_NULL ","
    "\"output\":{\"type\":\"object\",\"description\":\"how much of it is kept\",\"properties\":{"
    "\"stdout_bytes\":" COUNT_OF ",\"stderr_bytes\":" COUNT_OF "}},"
    "\"partial_stdout\":{\"type\":\"string\",\"description\":\"while it runs: all there is, of much "
        "the beginning and the end\"},"
    "\"partial_stderr\":{\"type\":\"string\"},"
    "\"dropped\":{\"type\":\"object\",\"properties\":{"
    "\"stdout\":{\"type\":\"integer\"},\"stderr\":{\"type\":\"integer\"}}},"
    "\"new_stdout\":{\"type\":\"string\"},\"new_stderr\":{\"type\":\"string\"},"
    "\"cursor\":{\"type\":\"string\",\"description\":\"where what is new next time begins\"}}}}}";

const char list_jobs_schema[] =
    "{\"type\":\"object\",\"required\":[\"jobs\",\"total\"],\"properties\":{"
    "\"jobs\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\",\"status\"],"
    "\"properties\":{" RECORD "}}},\"total\":" COUNT_OF "}}";

const char cancel_job_schema[] =
    "{\"type\":\"object\",\"required\":[\"job_id\",\"status\"],\"properties\":{"
    "\"job_id\":{\"type\":\"string\"},\"status\":" STATUS "}}";

const char prune_jobs_schema[] =
    "{\"type\":\"object\",\"required\":[\"removed\",\"remaining\"],\"properties\":{"
    "\"removed\":" COUNT_OF ",\"remaining\":" COUNT_OF "}}";
/* clang-format on */

/* --- one line for all ------------------------------------------------------------------- */

typedef int job_act(struct call *call, const struct jobs_call *asked, struct json_object **ret,
                    struct error *err);

/* An act that leaves *ret NULL answers later. */
static void serve(struct call *call, struct json_object *arguments,
                  const struct field *const *fields, job_act *act)
{
    struct jobs_call asked = { 0 };
    struct json_object *object = NULL;
    struct error err = { 0 };
    int r = schema_decode(fields, arguments, &asked, &err);
    if (r == 0 && !call->services->store)
        r = fail_host_as(&err, ENOENT, "this server keeps no jobs");
    if (r == 0)
        r = act(call, &asked, &object, &err);
    schema_done(fields, &asked);
    if (r < 0)
        call_fail(call, &err);
    else if (object)
        call_answer(call, tool_result(object, false));
}

/* --- py_job_status ------------------------------------------------------------------------ */

static int status(struct call *call, const struct jobs_call *asked, struct json_object **ret,
                  struct error *err)
{
    const struct services *services = call->services;
    struct position own = { 0 }, *from = &own;
    struct record record;
    struct json_object *job = NULL;
    int r = asked->cursor ? cursor_parse(asked->cursor, &own, err) : 0;
    if (r == 0)
        r = job_view_find(services, asked->job_id, &record, err);
    if (r < 0)
        return r;
    if (!asked->cursor && asked->incremental)
        from = readers_at(services->readers, record.owner, record.id);
    if (call_can(call, SHOWS_PAGES)) /* it is a page that asks */
        jobs_look(services->jobs, record.id);
    r = job_view(services, &record, from, &job, err);
    record_done(&record);
    if (r < 0)
        return r;
    *ret = json_object_new_object();
    json_object_object_add(*ret, "job", job);
    return 0;
}

void tool_job_status(struct call *call, struct json_object *arguments)
{
    serve(call, arguments, job_status_fields, status);
}

/* --- py_list_jobs -------------------------------------------------------------------------- */

static int filter_parse(const char *word, int *ret, struct error *err)
{
    char shown[64];
    *ret = word ? job_status_find(word) : -1;
    if (word && *ret < 0)
        return fail_caller(err, EINVAL,
                           "status_filter must be pending, running, completed, failed, cancelled "
                           "or null, not \"%s\"",
                           printable(word, shown, sizeof(shown)));
    return 0;
}

static int list(struct call *call, const struct jobs_call *asked, struct json_object **ret,
                struct error *err)
{
    struct record_list found = { 0 };
    int which, r = filter_parse(asked->status_filter, &which, err);
    if (r == 0)
        r = store_list(call->services->store, call->services->owner->name, which,
                       (uint64_t)asked->limit, &found, err);
    if (r < 0)
        return r;
    struct json_object *jobs = json_object_new_array();
    for (size_t i = 0; i < found.count; i++) {
        const struct record *owed =
            jobs_owed(call->services->jobs, call->services->owner->name, found.records[i].id);
        struct json_object *row = record_json(owed ? owed : &found.records[i]);
        job_view_asked(&found.records[i], row);
        json_object_object_add(row, "result", NULL);
        json_object_array_add(jobs, row);
    }
    *ret = json_object_new_object();
    json_object_object_add(*ret, "jobs", jobs);
    json_object_object_add(*ret, "total", json_object_new_uint64(found.total));
    record_list_done(&found);
    return 0;
}

void tool_list_jobs(struct call *call, struct json_object *arguments)
{
    serve(call, arguments, list_jobs_fields, list);
}

/* --- py_cancel_job ------------------------------------------------------------------------- */

/* A call that waits until nothing of a job is alive: here, or at another server. */
struct cancelling {
    struct call *call;
    struct job_watch watch;
    struct wish wish;
};

static struct json_object *status_json(const struct record *record)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "job_id", json_object_new_string(record->id));
    json_object_object_add(object, "status",
                           json_object_new_string(job_status_name(record->status)));
    return object;
}

static void answer_ended(struct cancelling *cancelling, const char *id, bool late)
{
    struct call *call = cancelling->call;
    struct record record;
    struct error err;
    job_unwatch(&cancelling->watch);
    wish_forget(&cancelling->wish);
    int r = job_view_find(call->services, id, &record, &err);
    if (r == 0 && late && !job_status_ended(record.status))
        r = fail_host_as(&err, ETIMEDOUT, "job %s: the server that runs it does not answer", id);
    if (r < 0)
        call_fail(call, &err);
    else
        call_answer(call, tool_result(status_json(&record), false));
    if (r == 0)
        record_done(&record);
    free(cancelling);
}

static void on_ended_here(struct job_watch *watch, struct json_object *result, bool fault)
{
    (void)result;
    (void)fault;
    answer_ended((struct cancelling *)((char *)watch - offsetof(struct cancelling, watch)),
                 watch->id, false);
}

static void on_ended_there(struct wish *wish, bool late)
{
    answer_ended((struct cancelling *)((char *)wish - offsetof(struct cancelling, wish)), wish->id,
                 late);
}

/* Of the call that waits; what it asked for stays asked. */
static void stop_waiting(struct call *call, bool grace)
{
    struct cancelling *cancelling = call->work;
    (void)grace;
    job_unwatch(&cancelling->watch);
    wish_forget(&cancelling->wish);
    free(cancelling);
    call_cancelled(call);
}

static int end_and_wait(struct call *call, const struct record *record, struct error *err)
{
    const struct services *services = call->services;
    struct cancelling *cancelling = xcalloc(1, sizeof(*cancelling));
    cancelling->call = call;
    cancelling->watch.ended = on_ended_here;
    cancelling->wish.over = on_ended_there;
    call->work = cancelling;
    call->cancel = stop_waiting;
    if (jobs_watch(services->jobs, record->id, &cancelling->watch)) {
        (void)jobs_cancel(services->jobs, record->id, true);
        return 0;
    }
    int r = wishes_ask(services->wishes, record, &cancelling->wish, err);
    if (r < 0)
        free(cancelling);
    return r;
}

static int cancel(struct call *call, const struct jobs_call *asked, struct json_object **ret,
                  struct error *err)
{
    struct record record;
    int r = job_view_find(call->services, asked->job_id, &record, err);
    if (r < 0)
        return r;
    if (job_status_ended(record.status))
        *ret = status_json(&record);
    else
        r = end_and_wait(call, &record, err);
    record_done(&record);
    return r;
}

void tool_cancel_job(struct call *call, struct json_object *arguments)
{
    serve(call, arguments, cancel_job_fields, cancel);
}

/* --- py_prune_jobs --------------------------------------------------------------------------- */

static int prune(struct call *call, const struct jobs_call *asked, struct json_object **ret,
                 struct error *err)
{
    const struct prune which = {
        .ended_before_ms = now_epoch_ms() - asked->max_age_hours * MS_PER_HOUR,
        .completed = !asked->keep_completed,
        .failed = !asked->keep_failed,
        .cancelled = true,
    };
    uint64_t removed, remaining;
    int r = store_prune(call->services->store, call->services->owner->name, &which, &removed,
                        &remaining, err);
    if (r < 0)
        return r;
    *ret = json_object_new_object();
    json_object_object_add(*ret, "removed", json_object_new_uint64(removed));
    json_object_object_add(*ret, "remaining", json_object_new_uint64(remaining));
    return 0;
}

void tool_prune_jobs(struct call *call, struct json_object *arguments)
{
    serve(call, arguments, prune_jobs_fields, prune);
}
