/* SPDX-License-Identifier: Apache-2.0 */
/* resources.c - what clients may read by its address. */
#include "mcp/resources.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "fd.h"
#include "job/record.h"
#include "mcp/gate.h"
#include "mcp/job.h"
#include "mcp/job_chart.h"
#include "mcp/job_view.h"
#include "mcp/metrics.h"
#include "mcp/owner.h"
#include "mcp/policies.h"
#include "mcp/rpc.h"
#include "mcp/run_page.h"
#include "mcp/services.h"
#include "mcp/uri.h"
#include "run/result.h"
#include "str.h"

/* Jobs in resources/list; all of them are in py_list_jobs. */
#define LISTED_JOBS 50

#define SCRIPTS  "cordon://scripts/"
#define POLICIES "cordon://policies/"
#define ALL      "cordon://policies"
#define CHECK    "cordon://check"
#define METRICS  "cordon://metrics"

/* One range; who wants more asks for the next. */
#define RANGE_BYTES_MAX ((size_t)1024 * 1024)

/* A policy's file, or a verdict: far less. */
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)

/* What was read: text, or bytes that are none. */
struct content {
    struct str bytes;
    struct json_object *meta; /* or NULL */
};

struct resource {
    const char *prefix, *template, *name, *title, *description, *type;
    int (*read)(const struct services *services, const struct uri *uri, struct content *ret,
                struct error *err); /* NULL: the gate knows it, as this text ... */
    enum resolve_what text;
    /* ... or who asks it more than that; answers. */
    void (*answer)(struct call *call, const char *uri, const char *type);
};

/* --- job-stream://ID{?stream,offset,length} ----------------------------------------------- */

static struct json_object *range_json(const struct record *record, int stream, uint64_t offset,
                                      size_t length, uint64_t total)
{
    const char *reason;
    uint64_t dropped = record_missing(record, stream, total, &reason);
    struct json_object *meta = json_object_new_object();
    json_object_object_add(meta, "offset", json_object_new_uint64(offset));
    json_object_object_add(meta, "length", json_object_new_uint64(length));
    json_object_object_add(meta, "total", json_object_new_uint64(total));
    if (dropped > 0)
        json_object_object_add(meta, "dropped", json_object_new_uint64(dropped));
    return meta;
}

static int read_range(const struct services *services, const struct record *record,
                      const struct uri *uri, struct content *ret, struct error *err)
{
    const char *id = record->id;
    int stream = uri_is(uri, "stream", "stderr") ? 2 : 1;
    uint64_t offset = 0, length = RANGE_BYTES_MAX;
    if (uri_value(uri, "stream") && stream == 1 && !uri_is(uri, "stream", "stdout"))
        return fail_caller(err, EINVAL, "stream must be stdout or stderr");
    int r = uri_number(uri, "offset", &offset, err);
    if (r == 0)
        r = uri_number(uri, "length", &length, err);
    if (r < 0)
        return r;
    uint64_t total = output_size(services->outputs, id, stream);
    size_t most = length < RANGE_BYTES_MAX ? (size_t)length : RANGE_BYTES_MAX;
    r = output_read(services->outputs, id, stream, offset, most, &ret->bytes, err);
    if (r == 0)
        ret->meta = range_json(record, stream, offset, ret->bytes.len, total);
    return r;
}

static int read_stream(const struct services *services, const struct uri *uri, struct content *ret,
                       struct error *err)
{
    static const char *const known[] = { "stream", "offset", "length", NULL };
    struct record record;
    int r = uri_known(uri, known, err);
    if (r == 0)
        r = job_view_find(services, uri->path, &record, err);
    if (r < 0)
        return r;
    char *text = NULL;
    if (uri->count > 0)
        r = read_range(services, &record, uri, ret, err);
    else if ((r = job_view_streams(services, &record, &text, err)) == 0)
        str_puts(&ret->bytes, text);
    free(text);
    record_done(&record);
    return r;
}

/* --- cordon://jobs/ID ---------------------------------------------------------------------- */

static int read_job(const struct services *services, const struct uri *uri, struct content *ret,
                    struct error *err)
{
    static const char *const known[] = { NULL };
    struct record record;
    int r = uri_known(uri, known, err);
    if (r == 0)
        r = job_view_find(services, uri->path, &record, err);
    if (r < 0)
        return r;
    jobs_look(services->jobs, record.id);
    size_t len;
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "job", job_view_record(services, &record));
    const char *text = result_text(object, &len);
    str_add(&ret->bytes, text, len);
    json_object_put(object);
    record_done(&record);
    return 0;
}

/* --- cordon://scripts/NAME ----------------------------------------------------------------- */

static int read_script(const struct services *services, const struct uri *uri, struct content *ret,
                       struct error *err)
{
    static const char *const known[] = { NULL };
    autofree char *name = NULL, *text = NULL;
    size_t len = 0;
    int r = uri_known(uri, known, err);
    if (r == 0)
        r = script_name_check(uri->path, &name, err);
    if (r == 0)
        r = library_read(&services->library, name, &text, &len, err);
    if (r == 0)
        str_add(&ret->bytes, text, len);
    return r;
}

/* --- cordon://metrics ---------------------------------------------------------------------- */

static int read_metrics(const struct services *services, const struct uri *uri, struct content *ret,
                        struct error *err)
{
    static const char *const known[] = { NULL };
    int r = uri_known(uri, known, err);
    if (r < 0 || !services->metrics)
        return r;
    metrics_of(services, &ret->bytes);
    return 0;
}

void metrics_of(const struct services *services, struct str *out)
{
    size_t running = jobs_running(services->jobs);
    const struct metrics_now now = { .running = running,
                                     .pending = jobs_count(services->jobs) - running };
    metrics_print(services->metrics, &now, out);
}

/* --- ui://cordon/run ----------------------------------------------------------------------- */

static int read_page(const struct services *services, const struct uri *uri, struct content *ret,
                     struct error *err)
{
    static const char *const known[] = { NULL };
    (void)services;
    if (uri_known(uri, known, err) < 0)
        return -err->code;
    str_add(&ret->bytes, run_page, run_page_len);
    ret->meta = json_tokener_parse(RUN_PAGE_META);
    return 0;
}

/* --- the table ------------------------------------------------------------------------------- */

enum {
    STREAM_ROW,
    CHART_ROW, /* before the job, whose address is the beginning of its */
    JOB_ROW,
    SCRIPT_ROW,
    POLICY_ROW,
    POLICIES_ROW,
    CHECK_ROW,
    METRICS_ROW,
    PAGE_ROW,
    ROWS
};

static const struct resource resources[ROWS] = {
    [STREAM_ROW] = { "job-stream://", STREAM_TEMPLATE, "job-stream", "Output of a job",
                     "Both streams of a job, running or ended; of long ones the beginning and the "
                     "end. With stream (stdout or stderr), offset and length exactly those bytes.",
                     "text/plain", read_stream, 0, NULL },
    [CHART_ROW] = { CHART_HEAD, CHART_TEMPLATE, "chart", "Picture of a job",
                    "CPU and memory over time of a job that has ended, or its runs: what a "
                    "benchmark in the background has measured.",
                    CHART_TYPE, NULL, 0, job_chart_read },
    [JOB_ROW] = { "cordon://jobs/", JOB_TEMPLATE, "job", "Record of a job",
                  "The state of a job and, once it has ended, its result.", "application/json",
                  read_job, 0, NULL },
    [SCRIPT_ROW] = { SCRIPTS, SCRIPT_TEMPLATE, "script", "A saved script",
                     "The source of a saved script, with its PEP 723 header.", "text/x-python",
                     read_script, 0, NULL },
    [POLICY_ROW] = { POLICIES, POLICY_TEMPLATE, "policy", "A policy",
                     "What a script may do under a policy that a client may name.",
                     "application/json", NULL, RESOLVE_POLICY, NULL },
    [POLICIES_ROW] = { ALL, NULL, "policies", "Policies",
                       "The policies that a run may name: what each is for, its limits, network "
                       "and workspace.",
                       "application/json", NULL, 0, policies_read },
    [CHECK_ROW] = { CHECK, NULL, "check", "What this host enforces",
                    "Every layer of a box and every limit: on, approximated, or off and why.",
                    "application/json", NULL, RESOLVE_CHECK, NULL },
    [METRICS_ROW] = { METRICS, NULL, "metrics", "What this server has counted",
                      "Runs by tool, policy and end, and how long each phase of them took, in the "
                      "text format of Prometheus.",
                      METRICS_TYPE, read_metrics, 0, NULL },
    /* Clients that show it find it in the tools' _meta; for the others it is nothing to list. */
    [PAGE_ROW] = { RUN_PAGE_URI, NULL, "run", "A run, live",
                   "Output, CPU and memory over time, limits, end and refusals of one run.",
                   RUN_PAGE_TYPE, read_page, 0, NULL },
};

static void add_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, rpc_text(text));
}

static struct json_object *row_json(const struct resource *resource, const char *key,
                                    const char *uri, const char *name, const char *title,
                                    const char *description)
{
    struct json_object *row = json_object_new_object();
    add_text(row, key, uri);
    add_text(row, "name", name);
    add_text(row, "title", title);
    add_text(row, "description", description);
    add_text(row, "mimeType", resource->type);
    return row;
}

struct json_object *resource_templates_list(struct call *call)
{
    (void)call;
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < ROWS; i++) {
        const struct resource *row = &resources[i];
        if (row->template)
            json_object_array_add(list, row_json(row, "uriTemplate", row->template, row->name,
                                                 row->title, row->description));
    }
    return list;
}

static void list_scripts(const struct services *services, struct json_object *list)
{
    const struct resource *row = &resources[SCRIPT_ROW];
    struct script_list found = { 0 };
    struct error ignored;
    if (!(services->scopes & SCOPE_SCRIPTS) ||
        library_list(&services->library, true, &found, &ignored) < 0)
        return;
    for (size_t i = 0; i < found.count; i++) {
        const char *name = found.scripts[i].name;
        autofree char *uri = xasprintf("%s%s", row->prefix, name);
        json_object_array_add(list, row_json(row, "uri", uri, name, name, row->title));
    }
    script_list_done(&found);
}

static void list_jobs(const struct services *services, struct json_object *list)
{
    struct record_list found = { 0 };
    struct error ignored; /* who cannot list jobs lists none; the tools say why */
    if (!services->store || !(services->scopes & SCOPE_JOBS) ||
        store_list(services->store, services->owner->name, -1, LISTED_JOBS, &found, &ignored) < 0)
        return;
    for (size_t i = 0; i < found.count; i++) {
        const struct record *record = &found.records[i];
        autofree char *uri = xasprintf("job-stream://%s", record->id);
        autofree char *about = xasprintf("%s: %s", record->tool, job_status_name(record->status));
        json_object_array_add(list, row_json(&resources[STREAM_ROW], "uri", uri, record->id,
                                             record->label ? record->label : record->id, about));
    }
    record_list_done(&found);
}

static void list_policies(const struct services *services, struct json_object *list)
{
    const struct resource *row = &resources[POLICY_ROW];
    char *const *name =
        services->config ? config_policies(services->config, services->owner->name) : NULL;
    for (; name && *name; name++) {
        autofree char *uri = xasprintf(POLICIES "%s", *name);
        json_object_array_add(list, row_json(row, "uri", uri, *name, *name, row->description));
    }
}

struct json_object *resources_list(struct call *call)
{
    const struct services *services = call->services;
    static const size_t whole[] = { POLICIES_ROW, CHECK_ROW, METRICS_ROW };
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < COUNT(whole); i++) {
        const struct resource *row = &resources[whole[i]];
        if (whole[i] == METRICS_ROW && !(services->scopes & SCOPE_ADMIN))
            continue;
        json_object_array_add(list, row_json(row, "uri", row->prefix, row->name, row->title,
                                             row->description));
    }
    list_policies(services, list);
    list_scripts(services, list);
    list_jobs(services, list);
    return list;
}

/* --- answers --------------------------------------------------------------------------------- */

/* The result with this one content, which it takes. */
static struct json_object *contents_of(struct json_object *content)
{
    struct json_object *list = json_object_new_array();
    json_object_array_add(list, content);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "contents", list);
    return result;
}

/* Takes `meta`, which may be NULL. */
static struct json_object *content_json(const char *uri, const char *type, const char *bytes,
                                        size_t len, struct json_object *meta)
{
    struct json_object *object = json_object_new_object();
    bool text = utf8_valid(bytes, len);
    add_text(object, "uri", uri);
    add_text(object, "mimeType", text ? type : "application/octet-stream");
    if (text) {
        json_object_object_add(object, "text", json_object_new_string_len(bytes, (int)len));
    } else {
        autofree char *base64 = base64_encode(bytes, len);
        json_object_object_add(object, "blob", json_object_new_string(base64));
    }
    if (meta)
        json_object_object_add(object, "_meta", meta);
    return contents_of(object);
}

struct json_object *resource_text(const char *uri, const char *type, const char *text, size_t len)
{
    return content_json(uri, type, text, len, NULL);
}

struct json_object *resource_blob(const char *uri, const char *type, struct json_object *base64)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "uri", uri);
    add_text(object, "mimeType", type);
    json_object_object_add(object, "blob", base64);
    return contents_of(object);
}

/* Nothing there has a code of its own; else whose move it is decides. */
void resource_error(struct call *call, const char *uri, const struct error *err)
{
    if (err->code == ENOENT && err->blame == BLAME_CALLER)
        call_absent(call, uri, err->text);
    else
        call_error(call, (int)blame_code(err->blame), err->text);
}

static void answer_content(struct call *call, const struct resource *resource, const char *uri,
                           struct content *content)
{
    const char *bytes = content->bytes.data ? content->bytes.data : "";
    call_answer(call, content_json(uri, resource->type, bytes, content->bytes.len, content->meta));
    str_done(&content->bytes);
}

/* --- what the gate knows ---------------------------------------------------------------------- */

struct question {
    struct call *call;
    const struct resource *resource;
    char *uri;
    uint32_t ticket;
};

static struct call *question_end(struct question *question)
{
    struct call *call = question->call;
    free(question->uri);
    free(question);
    return call;
}

static void on_cancel(struct call *call, bool grace)
{
    struct question *question = call->work;
    (void)grace;
    gate_forget(call->services->gate, question->ticket);
    call_error(question_end(question), RPC_INTERNAL_ERROR, "the server ends");
}

static void on_text(void *context, const struct resolved *resolved, int fd)
{
    struct question *question = context;
    autoclose int file = fd;
    autofree char *text = NULL;
    size_t len = 0;
    struct error err = resolved->error;
    int r = resolved->code != 0 ? -1 : fd_read_all(file, TEXT_BYTES_MAX, &text, &len, &err);
    struct content content = { 0 };
    if (r == 0) {
        str_add(&content.bytes, text, len);
        answer_content(question->call, question->resource, question->uri, &content);
    } else {
        resource_error(question->call, question->uri, &err);
    }
    (void)question_end(question);
}

static int ask_gate(struct call *call, const struct resource *resource, const char *uri,
                    const char *name, struct error *err)
{
    struct question *question = xcalloc(1, sizeof(*question));
    question->call = call;
    question->resource = resource;
    question->uri = xstrdup(uri);
    call->work = question;
    call->cancel = on_cancel;
    const struct gate_ask ask = { .owner = call->services->owner->name,
                                  .what = resource->text,
                                  .path = resource->text == RESOLVE_POLICY ? name : NULL,
                                  .answer = on_text,
                                  .context = question };
    int r = gate_ask(call->services->gate, &ask, &question->ticket, err);
    if (r < 0)
        (void)question_end(question);
    return r;
}

/* --- reading --------------------------------------------------------------------------------- */

static int read_there(struct call *call, const struct resource *resource, const char *address,
                      struct error *err)
{
    struct uri uri;
    struct content content = { 0 };
    int r = uri_parse(address + strlen(resource->prefix), &uri, err);
    if (r < 0)
        return r;
    if (resource->read)
        r = resource->read(call->services, &uri, &content, err);
    else
        r = uri_known(&uri, (const char *const[]){ NULL }, err);
    if (r == 0 && resource->read)
        answer_content(call, resource, address, &content);
    else if (r == 0 && resource->answer)
        resource->answer(call, address, resource->type);
    else if (r == 0)
        r = ask_gate(call, resource, address, uri.path, err);
    if (r < 0)
        str_done(&content.bytes);
    uri_done(&uri);
    return r;
}

/* What a template has behind its last name: "" or "/chart". */
static const char *tail_of(const struct resource *resource)
{
    const char *end = resource->template ? strchr(resource->template, '}') : NULL;
    return end && end[1] == '/' ? end + 1 : "";
}

/* A prefix with something after it, or, where there is nothing to name, alone. */
static const struct resource *resource_find(const char *uri)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct resource *resource = &resources[i];
        size_t len = strlen(resource->prefix);
        bool whole = resource->prefix[len - 1] != '/';
        if (strncmp(uri, resource->prefix, len) == 0 && ends_with(uri + len, tail_of(resource)) &&
            (!whole || !uri[len] || uri[len] == '?'))
            return resource;
    }
    return NULL;
}

void resource_read(struct call *call, const char *uri)
{
    char shown[128];
    struct error err = { 0 };
    const struct resource *resource = resource_find(uri);
    int r = resource ? read_there(call, resource, uri, &err)
                     : fail_caller(&err, ENOENT, "Resource %s not found",
                                   printable(uri, shown, sizeof(shown)));
    if (r < 0)
        resource_error(call, uri, &err);
}
