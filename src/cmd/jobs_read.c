/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/jobs_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "json.h"
#include "str.h"

#define OWNER "local" /* of everything so far */

struct reading {
    const char *source, *text;
    size_t len;
    struct job_file *file;
};

/* "FILE: line 4: jobs[2].status: ..." */
static int wrong(const struct reading *reading, const char *path, const char *why,
                 struct error *err)
{
    if (!*path)
        return fail_caller(err, EINVAL, "%s: %s", reading->source, why);
    unsigned line = json_line_of(reading->text, reading->len, path);
    return fail_caller(err, EINVAL, "%s: line %u: %s: %s", reading->source, line, path, why);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(object, name, &value);
    return value;
}

static char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);
    return json_object_is_type(value, json_type_string) ? xstrdup(json_object_get_string(value))
                                                        : NULL;
}

/* A record's own texts end at a NUL; its output may hold what it likes. */
static bool holds_nul(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name);
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value);
}

/* A day: clocks differ, and so do those who forgot their zone. */
#define AHEAD_MS_MAX ((int64_t)24 * 60 * 60 * 1000)

/* ".123456" -> 123; steps over it. */
static bool fraction_parse(const char **text, int64_t *ret)
{
    *ret = 0;
    if (**text != '.')
        return true;
    const char *digits = *text + 1;
    size_t len = strspn(digits, "0123456789");
    for (size_t i = 0; i < 3; i++)
        *ret = *ret * 10 + (i < len ? digits[i] - '0' : 0);
    *text = digits + len;
    return len > 0;
}

/* "+05:30", "Z" or nothing, which is UTC too; in seconds. */
static bool offset_parse(const char *text, int *ret)
{
    static const char form[] = "+dd:dd";
    *ret = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0)
        return true;
    for (size_t i = 0; i < sizeof(form); i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
                           : text[i] != form[i] && (i > 0 || text[i] != '-'))
            return false;
    int hours = (text[1] - '0') * 10 + text[2] - '0',
        minutes = (text[4] - '0') * 10 + text[5] - '0';
    *ret = (hours * 60 + minutes) * (*text == '-' ? -60 : 60);
    return hours < 24 && minutes < 60;
}

/* "2026-11-22T13:00:00.123+00:00", with less of it where less was written. */
static bool time_parse(const char *text, int64_t *ret)
{
    struct tm tm = { 0 };
    int64_t fraction_ms;
    int offset;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (!rest || (*rest != 'T' && *rest != ' ') || !(rest = strptime(rest + 1, "%H:%M:%S", &tm)))
        return false;
    if (!fraction_parse(&rest, &fraction_ms) || !offset_parse(rest, &offset))
        return false;
    *ret = ((int64_t)timegm(&tm) - offset) * 1000 + fraction_ms;
    return true;
}

/* Text as above, or seconds since the epoch; absent and null are "not yet". */
static bool time_of(struct json_object *record, const char *name, int64_t *ret)
{
    struct json_object *value = member(record, name);
    *ret = 0;
    if (!value)
        return true;
    if (json_object_is_type(value, json_type_string))
        return !holds_nul(record, name) && time_parse(json_object_get_string(value), ret);
    double seconds = json_object_get_double(value);
    bool number =
        json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
    if (!number || seconds < 0 || seconds > 1e11)
        return false;
    *ret = (int64_t)(seconds * 1000);
    return true;
}

/* The words of this server, and what others call the same. */
static int status_of(const char *word)
{
    static const struct {
        const char *word;
        enum job_status status;
    } others[] = {
        { "canceled", JOB_CANCELLED },  { "killed", JOB_CANCELLED },   { "success", JOB_COMPLETED },
        { "succeeded", JOB_COMPLETED }, { "finished", JOB_COMPLETED }, { "done", JOB_COMPLETED },
        { "error", JOB_FAILED },        { "timeout", JOB_FAILED },     { "queued", JOB_PENDING },
    };
    for (size_t i = 0; i < COUNT(others); i++)
        if (strcmp(others[i].word, word) == 0)
            return (int)others[i].status;
    return job_status_find(word);
}

/* What was running when the file was written has no keeper any more. */
static void end_open(struct record *record)
{
    if (job_status_ended(record->status))
        return;
    if (!record->error)
        record->error = xstrdup(job_lost(record->status));
    record->status = JOB_FAILED;
}

static int read_times(struct reading *reading, const char *path, struct json_object *object,
                      struct record *record, struct error *err)
{
    const struct {
        const char *name;
        int64_t *slot;
    } times[] = { { "created_at", &record->created_ms },
                  { "started_at", &record->started_ms },
                  { "completed_at", &record->completed_ms } };
    int64_t latest_ms = now_epoch_ms() + AHEAD_MS_MAX;
    for (size_t i = 0; i < COUNT(times); i++) {
        autofree char *place = xasprintf("%s.%s", path, times[i].name);
        if (!time_of(object, times[i].name, times[i].slot))
            return wrong(reading, place, "a time such as 2026-11-22T13:00:00+00:00 is wanted", err);
        if (*times[i].slot < 0 || *times[i].slot > latest_ms)
            return wrong(reading, place, "a time between 1970 and now is wanted", err);
    }
    if (record->completed_ms == 0)
        record->completed_ms = record->started_ms ? record->started_ms : record->created_ms;
    return 0;
}

static void read_result(struct reading *reading, struct json_object *object, struct record *record)
{
    static const char *const names[] = { "stdout", "stderr" };
    struct job_texts *texts = &reading->file->texts[reading->file->count];
    struct json_object *result = member(object, "result");
    for (int i = 0; i < 2; i++) {
        struct json_object *text =
            member(json_object_is_type(result, json_type_object) ? result : object, names[i]);
        if (!json_object_is_type(text, json_type_string))
            continue;
        texts->len[i] = record->bytes[i] = (size_t)json_object_get_string_len(text);
        texts->text[i] = xstrndup(json_object_get_string(text), texts->len[i]);
    }
    if (result)
        record->result =
            xstrdup(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Texts that the store would cut at a NUL. */
static int read_texts(struct reading *reading, const char *path, struct json_object *object,
                      struct record *record, struct error *err)
{
    const struct {
        const char *name;
        char **slot;
    } texts[] = { { "label", &record->label },
                  { "error", &record->error },
                  { "tool", &record->tool } };
    for (size_t i = 0; i < COUNT(texts); i++) {
        autofree char *place = xasprintf("%s.%s", path, texts[i].name);
        if (holds_nul(object, texts[i].name))
            return wrong(reading, place, "a text without a NUL is wanted", err);
        *texts[i].slot = text_of(object, texts[i].name);
    }
    return 0;
}

/* One that cannot be read counts as none (trace.h). */
static void read_trace(struct json_object *object, struct record *record)
{
    autofree char *text = text_of(object, "traceparent");
    if (text)
        (void)traceparent_read(text, strlen(text), record->traceparent);
}

static int read_id(struct reading *reading, const char *path, const char *key,
                   struct json_object *object, struct record *record, struct error *err)
{
    autofree char *id = text_of(object, "id"), *id_path = xasprintf("%s.id", path);
    const char *name = id ? id : key;
    if (!name || !job_id_valid(name) || holds_nul(object, "id"))
        return wrong(reading, id ? id_path : path,
                     "an id of up to 36 letters, digits and '-' is wanted, and not '-' first", err);
    (void)snprintf(record->id, sizeof(record->id), "%s", name);
    (void)snprintf(record->owner, sizeof(record->owner), "%s", OWNER);
    return 0;
}

static int read_members(struct reading *reading, const char *path, const char *key,
                        struct json_object *object, struct record *record, struct error *err)
{
    autofree char *status = text_of(object, "status");
    autofree char *status_path = xasprintf("%s.status", path);
    int r = read_id(reading, path, key, object, record, err);
    if (r < 0)
        return r;
    int known = status ? status_of(status) : -1;
    if (known < 0)
        return wrong(reading, status ? status_path : path,
                     "a status (pending, running, completed, failed, cancelled) is wanted", err);
    record->status = (enum job_status)known;
    r = read_texts(reading, path, object, record, err);
    if (r == 0)
        r = read_times(reading, path, object, record, err);
    if (r < 0)
        return r;
    read_trace(object, record);
    end_open(record);
    read_result(reading, object, record);
    return 0;
}

static int read_record(struct reading *reading, const char *path, const char *key,
                       struct json_object *object, struct error *err)
{
    if (!json_object_is_type(object, json_type_object))
        return wrong(reading, path, "the record of a job is wanted", err);
    struct job_file *file = reading->file;
    if (file->count == file->room) {
        file->room = file->room ? file->room * 2 : 64;
        file->records = xrealloc(file->records, file->room * sizeof(*file->records));
        file->texts = xrealloc(file->texts, file->room * sizeof(*file->texts));
    }
    file->texts[file->count] = (struct job_texts){ 0 };
    struct record *record = &file->records[file->count];
    *record = (struct record){ 0 };
    int r = read_members(reading, path, key, object, record, err);
    file->count++; /* half of one is to be freed too */
    return r;
}

static int read_all(struct reading *reading, const char *path, struct json_object *all,
                    struct error *err)
{
    int r = 0;
    struct json_object *jobs =
        json_object_is_type(all, json_type_object) ? member(all, "jobs") : NULL;
    if (jobs && !member(jobs, "status"))
        return read_all(reading, "jobs", jobs, err);
    if (json_object_is_type(all, json_type_array)) {
        for (size_t i = 0; r == 0 && i < json_object_array_length(all); i++) {
            autofree char *place = xasprintf("%s[%zu]", path, i);
            r = read_record(reading, place, NULL, json_object_array_get_idx(all, i), err);
        }
        return r;
    }
    if (!json_object_is_type(all, json_type_object))
        return wrong(reading, path, "an object or a list of job records is wanted", err);
    json_object_object_foreach(all, key, value)
    {
        autofree char *place = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
        r = read_record(reading, place, key, value, err);
        if (r < 0)
            return r;
    }
    return 0;
}

int job_file_read(const char *source, const char *text, size_t len, struct job_file *ret,
                  struct error *err)
{
    struct job_file file = { 0 };
    struct reading reading = { source, text, len, &file };
    autojson struct json_object *all = NULL;
    if (json_load(text, len, &all, err) != JSON_OK)
        return fail_within(err, "%s", source);
    int r = read_all(&reading, "", all, err);
    if (r < 0)
        job_file_done(&file);
    else
        *ret = file;
    return r;
}

void job_file_done(struct job_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        record_done(&file->records[i]);
        free(file->texts[i].text[0]);
        free(file->texts[i].text[1]);
    }
    free(file->records);
    free(file->texts);
    *file = (struct job_file){ 0 };
}
