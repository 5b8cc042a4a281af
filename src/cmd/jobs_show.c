/* SPDX-License-Identifier: Apache-2.0 */
/* visit_show.c - records, for people and for programs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmd/command.h"
#include "cmd/jobs.h"
#include "job/record.h"
#include "json.h"
#include "run/result.h"
#include "str.h"

#define LIST_LIMIT 50

const char *jobs_when(int64_t epoch_ms, char out[32])
{
    struct tm tm;
    time_t seconds = (time_t)(epoch_ms / 1000);
    out[0] = '-', out[1] = '\0';
    if (epoch_ms > 0 && localtime_r(&seconds, &tm))
        (void)strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
    return out;
}

/* "0.12s" "12.3s" "4m10s" "2h05m": as exact as it is interesting. */
static const char *how_long(const struct record *record, char out[32])
{
    int64_t end_ms = record->completed_ms ? record->completed_ms : now_epoch_ms();
    int64_t ms = end_ms - record->started_ms;
    if (record->started_ms == 0 || ms < 0)
        (void)snprintf(out, 32, "-");
    else if (ms < 10000)
        (void)snprintf(out, 32, "%.2fs", (double)ms / 1000);
    else if (ms < 60000)
        (void)snprintf(out, 32, "%.1fs", (double)ms / 1000);
    else if (ms < 3600000)
        (void)snprintf(out, 32, "%" PRId64 "m%02" PRId64 "s", ms / 60000, ms / 1000 % 60);
    else
        (void)snprintf(out, 32, "%" PRId64 "h%02" PRId64 "m", ms / 3600000, ms / 60000 % 60);
    return out;
}

static void print_json(struct json_object *object)
{
    size_t len;
    const char *text = result_text(object, &len);
    (void)fwrite(text, 1, len, stdout);
    (void)putchar('\n');
    json_object_put(object);
}

/* --- many --------------------------------------------------------------------------------- */

/* How a job ended, of its result; a list has none of them. */
struct ending {
    char end[24];  /* or "": not known */
    int exit_code; /* or -1 */
};

static struct ending ending_of(struct jobs_visit *visit, const char *id)
{
    struct ending ret = { .exit_code = -1 };
    struct record record = { 0 };
    struct error ignored;
    if (store_find(visit->store, JOBS_OWNER, id, &record, &ignored) <= 0)
        return ret; /* pruned meanwhile */
    autojson struct json_object *result = record.result ? json_tokener_parse(record.result) : NULL;
    struct json_object *end = NULL, *code = NULL;
    if (json_object_is_type(result, json_type_object)) {
        (void)json_object_object_get_ex(result, "end", &end);
        (void)json_object_object_get_ex(result, "exit_code", &code);
    }
    if (json_object_is_type(end, json_type_string))
        (void)printable(json_object_get_string(end), ret.end, sizeof(ret.end));
    if (json_object_is_type(code, json_type_int) && json_object_get_int64(code) >= 0 &&
        json_object_get_int64(code) <= 255)
        ret.exit_code = json_object_get_int(code);
    record_done(&record);
    return ret;
}

static void list_print(struct jobs_visit *visit, const struct record_list *list)
{
    char created[32], took[32], label[60], code[12];
    if (list->count == 0 && isatty(STDERR_FILENO))
        complain("no job is recorded%s", visit->options->status ? " with that status" : "");
    if (list->count > 0 && isatty(STDOUT_FILENO))
        (void)printf("%-36s  %-9s  %4s  %-19s  %7s  %s\n", "ID", "STATUS", "EXIT", "CREATED",
                     "TOOK", "LABEL");
    for (size_t i = 0; i < list->count; i++) {
        const struct record *record = &list->records[i];
        const struct ending ending = ending_of(visit, record->id);
        (void)snprintf(code, sizeof(code), "%d", ending.exit_code);
        (void)printf("%-36s  %-9s  %4s  %-19s  %7s  %s\n", record->id,
                     job_status_name(record->status), ending.exit_code < 0 ? "-" : code,
                     jobs_when(record->created_ms, created), how_long(record, took),
                     printable(record->label  ? record->label
                               : record->tool ? record->tool
                                              : "",
                               label, sizeof(label)));
    }
}

static void list_print_json(struct jobs_visit *visit, const struct record_list *list)
{
    struct json_object *object = json_object_new_object(), *jobs = json_object_new_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct ending ending = ending_of(visit, list->records[i].id);
        struct json_object *job = record_json(&list->records[i]);
        json_object_object_add(job, "end", *ending.end ? json_object_new_string(ending.end) : NULL);
        json_object_object_add(job, "exit_code",
                               ending.exit_code < 0 ? NULL : json_object_new_int(ending.exit_code));
        json_object_array_add(jobs, job);
    }
    json_object_object_add(object, "jobs", jobs);
    json_object_object_add(object, "total", json_object_new_int64((int64_t)list->total));
    print_json(object);
}

static int read_limit(const char *text, uint64_t *ret, struct error *err)
{
    *ret = LIST_LIMIT;
    int r = text ? limit_parse(text, UNIT_COUNT, ret, err) : 0;
    return r < 0 ? fail_within(err, "--limit") : 0;
}

static int read_status(const char *text, int *ret, struct error *err)
{
    char shown[64];
    *ret = text ? job_status_find(text) : -1;
    if (text && *ret < 0)
        return fail_caller(err, EINVAL,
                           "--status: \"%s\" is not one of pending, running, completed, failed and "
                           "cancelled",
                           printable(text, shown, sizeof(shown)));
    return 0;
}

int visit_list(struct jobs_visit *visit, struct error *err)
{
    struct record_list list = { 0 };
    uint64_t limit;
    int status;
    int r = read_limit(visit->options->limit, &limit, err);
    if (r == 0)
        r = read_status(visit->options->status, &status, err);
    if (r == 0)
        r = store_list(visit->store, JOBS_OWNER, status, limit, &list, err);
    if (r < 0)
        return r;
    if (visit->options->json)
        list_print_json(visit, &list);
    else
        list_print(visit, &list);
    if (list.count < list.total && !visit->options->json)
        complain("%zu of %" PRIu64 " jobs; --limit shows more", list.count, list.total);
    record_list_done(&list);
    return 0;
}

/* --- one ---------------------------------------------------------------------------------- */

int visit_show(struct jobs_visit *visit, struct error *err)
{
    struct record record;
    int r = visit_record(visit, visit->words[0], &record, err);
    if (r < 0)
        return r;
    if (visit->options->json) {
        struct json_object *object = json_object_new_object();
        json_object_object_add(object, "job", record_json(&record));
        print_json(object);
    } else {
        job_page(visit, &record);
    }
    record_done(&record);
    return 0;
}
