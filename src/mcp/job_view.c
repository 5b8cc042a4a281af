/* SPDX-License-Identifier: Apache-2.0 */
/* job_view.c - a job and its output, as a client is shown them. */
#include "mcp/job_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "job/record.h"
#include "mcp/call.h"
#include "mcp/job.h"
#include "mcp/owner.h"
#include "mcp/services.h"
#include "run/capture.h"
#include "run/figures.h"
#include "run/result.h"
#include "str.h"

/* Read at once of what is new; what is shown of it is less. */
#define NEW_BYTES_MAX ((size_t)64 * 1024)

/* What is new is shown with at least this budget, however much room the result takes: who
 * asks again and again gets everything. */
#define NEW_LEAST ((size_t)1024)

static const char *const partial_names[2] = { "partial_stdout", "partial_stderr" };
static const char *const new_names[2] = { "new_stdout", "new_stderr" };

/* --- which --------------------------------------------------------------------------- */

int job_view_find(const struct services *services, const char *id, struct record *ret,
                  struct error *err)
{
    char shown[64];
    if (!services->store)
        return fail_host_as(err, ENOENT, "this server keeps no jobs");
    const struct record *owed = jobs_owed(services->jobs, services->owner->name, id);
    if (owed) {
        record_copy(owed, ret);
        return 0;
    }
    int r = store_find(services->store, services->owner->name, id, ret, err);
    const struct record *live =
        r == 0 ? jobs_live(services->jobs, services->owner->name, id) : NULL;
    if (live)
        record_copy(live, ret); /* told to somebody, and its database was moved away */
    else if (r == 0)
        return fail_caller(err, ENOENT, "Job %s not found", printable(id, shown, sizeof(shown)));
    if (r < 0)
        return r;
    const char *why = ret->progress.message ? NULL : jobs_waits_for(services->jobs, id);
    if (why) /* its own server alone knows, and it is soon over */
        ret->progress.message = xstrdup(why);
    return 0;
}

/* --- where a reader stands --------------------------------------------------------------- */

void cursor_print(const struct position *position, char out[48])
{
    (void)snprintf(out, 48, "%" PRIu64 ".%" PRIu64, position->at[0], position->at[1]);
}

static bool take_count(const char **at, uint64_t *ret)
{
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 18)
        return false;
    char *end;
    *ret = strtoull(*at, &end, 10);
    *at = end;
    return true;
}

int cursor_parse(const char *text, struct position *ret, struct error *err)
{
    struct position position;
    if (!take_count(&text, &position.at[0]) || *text++ != '.' ||
        !take_count(&text, &position.at[1]) || *text)
        return fail_caller(err, EINVAL, "cursor must be one that py_job_status has returned");
    *ret = position;
    return 0;
}

/* --- text ------------------------------------------------------------------------------- */

static struct json_object *text_json(const struct str *text)
{
    return json_object_new_string_len(text->data ? text->data : "", (int)text->len);
}

/* The beginning and the end of what there is, as a capture would have kept them. */
static int capture_kept(const struct services *services, const char *id, int stream,
                        struct capture *ret, struct error *err)
{
    autostr struct str bytes = { 0 };
    uint64_t size = output_size(services->outputs, id, stream);
    uint64_t all = 2 * CAPTURE_END_BYTES, head = size > all ? CAPTURE_END_BYTES : size;
    int r = output_read(services->outputs, id, stream, 0, (size_t)head, &bytes, err);
    if (r == 0 && bytes.len > 0)
        capture_add(ret, bytes.data, bytes.len);
    if (r < 0 || head == size)
        return r;
    bytes.len = 0;
    r = output_read(services->outputs, id, stream, size - CAPTURE_END_BYTES, CAPTURE_END_BYTES,
                    &bytes, err);
    if (r == 0 && bytes.len > 0) {
        capture_skip(ret, size - all);
        capture_add(ret, bytes.data, bytes.len);
    }
    return r;
}

static uint64_t missing(const struct services *services, const struct record *record, int stream,
                        const char **reason)
{
    return record_missing(record, stream, output_size(services->outputs, record->id, stream),
                          reason);
}

static int add_ends(const struct services *services, const char *id, int stream, size_t budget,
                    struct str *out, struct error *err)
{
    static const char *const names[] = { "stdout", "stderr" };
    struct capture capture = { 0 };
    autofree char *rest = xasprintf("job-stream://%s?stream=%s&offset=0", id, names[stream - 1]);
    int r = capture_kept(services, id, stream, &capture, err);
    if (r == 0)
        (void)capture_text(&capture, budget, rest, out);
    capture_done(&capture);
    return r;
}

/* What came after *from, as far as the budget goes; *from moves behind it. Of a job that has
 * ended nothing comes any more, so that a character that is not whole will never be. */
static int add_new(const struct services *services, const struct record *record, int stream,
                   size_t budget, uint64_t *from, struct str *out, struct error *err)
{
    autostr struct str bytes = { 0 };
    uint64_t size = output_size(services->outputs, record->id, stream);
    if (*from > size)
        return fail_caller(err, ERANGE,
                           "cursor must be one that py_job_status has returned for this job");
    int r = output_read(services->outputs, record->id, stream, *from, NEW_BYTES_MAX, &bytes, err);
    if (r < 0 || bytes.len == 0)
        return r;
    bool last = job_status_ended(record->status) && *from + bytes.len >= size;
    *from += text_fit(bytes.data, utf8_whole(bytes.data, bytes.len, last), budget, out);
    return 0;
}

/* --- the object ---------------------------------------------------------------------------- */

static int add_member(struct json_object *job, const char *name, const struct str *text, int r)
{
    if (r == 0)
        json_object_object_add(job, name, text_json(text));
    return r;
}

static int add_output(const struct services *services, const struct record *record,
                      struct json_object *job, struct position *from, struct error *err)
{
    bool ended = job_status_ended(record->status);
    size_t used = result_cost(job) + REPLY_ENVELOPE_BYTES;
    size_t room = used < REPLY_BYTES_MAX ? REPLY_BYTES_MAX - used : 0;
    size_t budget = room / (ended ? 2 : 4);
    int r = 0;
    for (int i = 0; r == 0 && !ended && i < 2; i++) {
        autostr struct str text = { 0 };
        r = add_ends(services, record->id, i + 1, budget, &text, err);
        r = add_member(job, partial_names[i], &text, r);
    }
    for (int i = 0; r == 0 && i < 2; i++) {
        autostr struct str text = { 0 };
        r = add_new(services, record, i + 1, budget > NEW_LEAST ? budget : NEW_LEAST, &from->at[i],
                    &text, err);
        r = add_member(job, new_names[i], &text, r);
    }
    return r;
}

/* Only its own server knows. */
static void add_queue(const struct services *services, const struct record *record,
                      struct json_object *job)
{
    unsigned position = jobs_position(services->jobs, record->id);
    if (record->status != JOB_PENDING || position == 0)
        return;
    struct json_object *queue = json_object_new_object();
    json_object_object_add(queue, "position", json_object_new_int((int)position));
    json_object_object_add(job, "queue", queue);
}

/* The same; of a job that somebody looks at while it runs (jobs_look()). */
static void add_now(const struct services *services, const struct record *record,
                    struct json_object *job)
{
    struct job_now now;
    if (job_status_ended(record->status) || !jobs_now(services->jobs, record->id, &now))
        return;
    const struct usage *usage = now.usage;
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "wall_seconds", figure_seconds(usage->wall_ns));
    json_object_object_add(object, "cpu_seconds",
                           figure_seconds(usage->cpu_user_ns + usage->cpu_system_ns));
    json_object_object_add(object, "memory_mb", figure_mb(usage->memory_peak_bytes));
    json_object_object_add(object, "processes", json_object_new_uint64(usage->pids_peak));
    json_object_object_add(job, "usage", object);
    json_object_object_add(job, "limits", limits_json(now.limits));
}

/* Of a job that has ended: what nobody can read any more. */
static void add_dropped(const struct services *services, const struct record *record,
                        struct json_object *job)
{
    static const char *const names[] = { "stdout", "stderr" };
    struct json_object *dropped = NULL;
    const char *reason;
    for (int i = 0; i < 2; i++) {
        uint64_t bytes = missing(services, record, i + 1, &reason);
        if (bytes > 0 && !dropped)
            dropped = json_object_new_object();
        if (bytes > 0)
            json_object_object_add(dropped, names[i], json_object_new_uint64(bytes));
    }
    if (dropped)
        json_object_object_add(job, "dropped", dropped);
}

/* What its files have. */
static void add_sizes(const struct services *services, const struct record *record,
                      struct json_object *job)
{
    static const char *const names[] = { "stdout_bytes", "stderr_bytes" };
    struct json_object *sizes = json_object_new_object();
    for (int i = 0; i < 2; i++)
        json_object_object_add(sizes, names[i],
                               json_object_new_uint64(
                                   output_size(services->outputs, record->id, i + 1)));
    json_object_object_add(job, "output", sizes);
}

void job_view_asked(const struct record *record, struct json_object *job)
{
    if (record->tool)
        json_object_object_add(job, "tool", json_object_new_string(record->tool));
    if (*record->policy)
        json_object_object_add(job, "policy", json_object_new_string(record->policy));
}

struct json_object *job_view_record(const struct services *services, const struct record *record)
{
    struct json_object *job = record_json(record);
    job_view_asked(record, job);
    add_queue(services, record, job);
    add_now(services, record, job);
    add_dropped(services, record, job);
    add_sizes(services, record, job);
    return job;
}

int job_view(const struct services *services, const struct record *record, struct position *from,
             struct json_object **ret, struct error *err)
{
    struct position position = *from;
    struct json_object *job = job_view_record(services, record);
    int r = add_output(services, record, job, &position, err);
    if (r < 0) {
        json_object_put(job);
        return r;
    }
    char cursor[48];
    cursor_print(&position, cursor);
    json_object_object_add(job, "cursor", json_object_new_string(cursor));
    *from = position;
    *ret = job;
    return 0;
}

static void add_missing(const struct services *services, const struct record *record, int stream,
                        struct str *text)
{
    const char *reason;
    uint64_t bytes = missing(services, record, stream, &reason);
    if (bytes == 0)
        return;
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        str_putc(text, '\n');
    str_printf(text, "[... %" PRIu64 " bytes after this are not kept: %s ...]\n", bytes, reason);
}

int job_view_streams(const struct services *services, const struct record *record, char **ret,
                     struct error *err)
{
    static const char *const headings[] = { "---STDOUT---\n", "---STDERR---\n" };
    autostr struct str text = { 0 };
    int r = 0;
    for (int i = 0; r == 0 && i < 2; i++) {
        if (text.len > 0 && text.data[text.len - 1] != '\n')
            str_putc(&text, '\n');
        str_puts(&text, headings[i]);
        r = add_ends(services, record->id, i + 1, REPLY_BYTES_MAX / 2, &text, err);
        add_missing(services, record, i + 1, &text);
    }
    if (r == 0)
        *ret = str_take(&text);
    return r;
}
