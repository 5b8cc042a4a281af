/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_page.c - one recorded job as a page for a person.
 *
 * The record may be an import's or a captured front's: of its result every member may be
 * missing or of another kind, and no text of it steers the terminal.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmd/jobs.h"
#include "cmd/page.h"
#include "job/record.h"
#include "json.h"
#include "ratio_words.h"

#define SHORT_ID      8 /* enough of an id to name a job, mostly */
#define SHOWN_ENTRIES 8 /* of a list */

/* --- the result ------------------------------------------------------------------------------ */

/* The member at a path such as "usage.phases.box", or NULL. */
static struct json_object *at(struct json_object *from, const char *path)
{
    while (from && *path) {
        char name[64];
        size_t len = strcspn(path, ".");
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
        struct json_object *next = NULL;
        if (!json_object_is_type(from, json_type_object) ||
            !json_object_object_get_ex(from, name, &next))
            return NULL;
        from = next;
        path += len + (path[len] == '.');
    }
    return from;
}

/* NAN where there is none. */
static double number_at(struct json_object *result, const char *path)
{
    struct json_object *value = at(result, path);
    bool number =
        json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
    return number ? json_object_get_double(value) : (double)NAN;
}

static const char *text_at(struct json_object *result, const char *path)
{
    struct json_object *value = at(result, path);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static size_t count_at(struct json_object *result, const char *path)
{
    struct json_object *list = at(result, path);
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* --- what and when ---------------------------------------------------------------------------- */

static void print_head(const struct page *page, const struct record *record,
                       struct json_object *result)
{
    static const enum tint tints[JOB_STATUS_COUNT] = {
        [JOB_PENDING] = TINT_WARN, [JOB_RUNNING] = TINT_WARN,   [JOB_COMPLETED] = TINT_GOOD,
        [JOB_FAILED] = TINT_BAD,   [JOB_CANCELLED] = TINT_WARN,
    };
    char label[200], tool[80], policy[64];
    double status = number_at(result, "exit_code");
    bool well = record->status == JOB_COMPLETED && (isnan(status) || status == 0);
    enum tint tint = record->status == JOB_COMPLETED && !well ? TINT_WARN : tints[record->status];
    (void)printf("%sJob %s%s  %s%s%s\n", page_begin(page, TINT_BOLD), record->id, page_end(page),
                 page_begin(page, tint), job_status_name(record->status), page_end(page));
    if (record->label)
        page_row(page, "label", "%s", printable(record->label, label, sizeof(label)));
    if (record->tool)
        page_row(page, "asked by", "%s", printable(record->tool, tool, sizeof(tool)));
    if (*record->policy)
        page_row(page, "policy", "%s", printable(record->policy, policy, sizeof(policy)));
}

/* What ended it, in one sentence. */
static void print_end(const struct page *page, const struct record *record,
                      struct json_object *result)
{
    char shown[400];
    const char *end = text_at(result, "end"), *signal = text_at(result, "signal");
    const char *error = record->error ? record->error : text_at(result, "error");
    double status = number_at(result, "exit_code");
    if (!job_status_ended(record->status))
        return;
    if (error)
        page_row(page, "end", "%s%s%s", page_begin(page, TINT_BAD),
                 printable(error, shown, sizeof(shown)), page_end(page));
    else if (signal)
        page_row(page, "end", "the script was ended by %s",
                 printable(signal, shown, sizeof(shown)));
    else if (end && strcmp(end, "exited") == 0 && !isnan(status))
        page_row(page, "end", "the script ended by itself, with status %.0f%s", status,
                 status == 0 ? "" : ": it failed");
    else if (record->status == JOB_CANCELLED)
        page_row(page, "end", "it was cancelled");
    if (!isnan(status) && (error || signal))
        page_row(page, "exit code", "%.0f", status);
}

static void print_when(const struct page *page, const struct record *record)
{
    const struct {
        const char *name;
        int64_t ms;
    } times[] = { { "created", record->created_ms },
                  { "started", record->started_ms },
                  { "ended", record->completed_ms } };
    char shown[32];
    for (size_t i = 0; i < COUNT(times); i++)
        if (times[i].ms)
            page_row(page, times[i].name, "%s", jobs_when(times[i].ms, shown));
    int64_t until_ms = record->completed_ms ? record->completed_ms : now_epoch_ms();
    if (record->started_ms && until_ms >= record->created_ms)
        page_row(page, record->completed_ms ? "took" : "since", "%s",
                 page_seconds((double)(until_ms - record->created_ms) / 1000, shown));
}

static void print_progress(const struct page *page, const struct progress *progress)
{
    char message[200];
    const char *said =
        progress->message ? printable(progress->message, message, sizeof(message)) : "";
    if (progress->total > 0)
        page_bar_row(page, "progress", TINT_GOOD, progress->current / progress->total,
                     "%g of %g  %s", progress->current, progress->total, said);
    else if (progress->current > 0)
        page_row(page, "progress", "%g  %s", progress->current, said);
    else if (progress->message)
        page_row(page, "progress", "%s", said);
}

/* --- figures --------------------------------------------------------------- */

/* What a job took beside its phases: the start of cordon's own processes, the reading of what
 * was changed, the record. Of several runs nobody knows. */
static double rest_of(const struct record *record, double sum, bool several)
{
    int64_t took_ms = record->completed_ms - record->created_ms;
    double rest = (double)took_ms / 1000 - sum;
    return record->created_ms && record->completed_ms && !several && rest > 0 ? rest : 0;
}

static void print_phases(const struct page *page, const struct record *record,
                         struct json_object *result, bool several)
{
    static const struct {
        const char *path, *name;
    } phases[] = {
        { "usage.phases.queue", "queue" },   { "usage.phases.prepare", "prepare" },
        { "usage.phases.box", "box" },       { "usage.phases.interpreter", "interpreter" },
        { "usage.phases.script", "script" },
    };
    double sum = 0;
    char shown[32];
    for (size_t i = 0; i < COUNT(phases); i++) {
        double seconds = number_at(result, phases[i].path);
        sum += isnan(seconds) ? 0 : seconds;
    }
    if (sum <= 0)
        return;
    double rest = rest_of(record, sum, several);
    sum += rest;
    page_heading(page, several ? "Where the time of its last run went" : "Where the time went");
    for (size_t i = 0; i < COUNT(phases); i++) {
        double seconds = number_at(result, phases[i].path);
        if (!isnan(seconds))
            page_bar_row(page, phases[i].name, TINT_NONE, seconds / sum, "%s",
                         page_seconds(seconds, shown));
    }
    if (rest > 0)
        page_bar_row(page, "the rest", TINT_NONE, rest / sum, "%s before and after these",
                     page_seconds(rest, shown));
}

/* A limit, and what there is to compare with it. Both in the units of the result; `unit`
 * makes seconds, bytes or a number of them. */
static const struct compared {
    const char *limit, *name, *used[2];
    enum { SECONDS, BYTES, NUMBER } kind;
    double unit;
} compared[] = {
    { "limits.wall_seconds", "wall", { "usage.wall_seconds" }, SECONDS, 1 },
    { "limits.cpu_seconds",
      "cpu",
      { "usage.cpu_user_seconds", "usage.cpu_system_seconds" },
      SECONDS,
      1 },
    { "limits.memory_mb", "memory", { "usage.peak_memory_mb" }, BYTES, 1024.0 * 1024 },
    { "limits.pids", "processes", { "usage.processes_peak" }, NUMBER, 1 },
    { "limits.output_bytes", "output", { "output.stdout_bytes", "output.stderr_bytes" }, BYTES, 1 },
};

static const char *amount(const struct compared *row, double value, char out[32])
{
    if (row->kind == SECONDS)
        return page_seconds(value * row->unit, out);
    if (row->kind == BYTES)
        return page_bytes(value * row->unit, out);
    (void)snprintf(out, 32, "%.0f", value);
    return out;
}

static double used_of(const struct compared *row, struct json_object *result)
{
    double used = number_at(result, row->used[0]);
    if (row->used[1])
        used += number_at(result, row->used[1]);
    return used;
}

static enum tint tint_of(double share)
{
    return share >= 1 ? TINT_BAD : share >= 0.8 ? TINT_WARN : TINT_GOOD;
}

static const char *percent(double share, char out[32])
{
    if (share > 0 && share < 0.001)
        (void)snprintf(out, 32, "under 0.1 %%");
    else
        (void)snprintf(out, 32, "%.*f %%", share > 0 && share < 0.1 ? 1 : 0, share * 100);
    return out;
}

/* Of all limits only that on output lets a run go on beyond it. */
static const char *more_than_kept(const struct compared *row, double used, double limit)
{
    return strcmp(row->name, "output") == 0 && used > limit ? ": the rest was dropped" : "";
}

static void print_limits(const struct page *page, struct json_object *result, bool several)
{
    char used_text[32], limit_text[32], percent_text[32];
    bool headed = false;
    for (size_t i = 0; i < COUNT(compared); i++) {
        const struct compared *row = &compared[i];
        double used = used_of(row, result), limit = number_at(result, row->limit);
        if (isnan(used))
            continue;
        if (!headed)
            page_heading(page, several ? "What its last run used, of its limits"
                                       : "What it used, of its limits");
        headed = true;
        if (limit > 0)
            page_bar_row(page, row->name, tint_of(used / limit), used / limit, "%s of %s, %s%s",
                         amount(row, used, used_text), amount(row, limit, limit_text),
                         percent(used / limit, percent_text), more_than_kept(row, used, limit));
        else
            page_row(page, row->name, "%s, without a limit", amount(row, used, used_text));
    }
    struct json_object *reached = at(result, "reached");
    char shown[64];
    for (size_t i = 0; i < count_at(result, "reached"); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(reached, i));
        page_row(page, "reached", "%s%s%s: some calls failed", page_begin(page, TINT_WARN),
                 printable(name ? name : "?", shown, sizeof(shown)), page_end(page));
    }
}

/* What else is known, in one line each. */
static void print_further(const struct page *page, struct json_object *result)
{
    char a[32], b[32], shown[64];
    double cache = number_at(result, "usage.peak_memory_cache_mb");
    double read = number_at(result, "usage.read_bytes");
    double written = number_at(result, "usage.written_bytes");
    double switches = number_at(result, "usage.context_switches");
    const char *source = text_at(result, "usage.source");
    if (!isnan(cache))
        page_row(page, "with cache", "%s at most, page cache included",
                 page_bytes(cache * 1024 * 1024, a));
    if (!isnan(read) && !isnan(written))
        page_row(page, "storage", "%s read, %s written", page_bytes(read, a),
                 page_bytes(written, b));
    if (!isnan(switches))
        page_row(page, "switches", "%.0f context switches", switches);
    if (source)
        page_row(page, "measured by", "%s", printable(source, shown, sizeof(shown)));
}

/* --- of a benchmark ---------------------------------------------------------- */

static void print_statistics(const struct page *page, struct json_object *script)
{
    static const struct {
        const char *name, *path;
        double unit; /* to seconds or bytes */
        const char *(*show)(double value, char out[32]);
    } rows[] = {
        { "wall", "statistics.wall_seconds", 1, page_seconds },
        { "cpu", "statistics.cpu_seconds", 1, page_seconds },
        { "memory", "statistics.peak_memory_mb", 1024.0 * 1024, page_bytes },
    };
    char label[120], median[32], least[32], most[32], shown[200];
    const char *name = text_at(script, "label");
    size_t runs = count_at(script, "runs");
    autofree char *heading =
        xasprintf("%s: %zu run%s", printable(name ? name : "?", label, sizeof(label)), runs,
                  runs == 1 ? "" : "s");
    if (!at(script, "statistics"))
        return;
    page_heading(page, heading);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json_object *of = at(script, rows[i].path);
        double middle = number_at(of, "median") * rows[i].unit;
        double min = number_at(of, "min") * rows[i].unit, max = number_at(of, "max") * rows[i].unit;
        if (!isnan(middle) && !isnan(min) && !isnan(max))
            page_row(page, rows[i].name, "median %s, %s to %s", rows[i].show(middle, median),
                     rows[i].show(min, least), rows[i].show(max, most));
    }
    for (size_t i = 0; i < count_at(script, "warnings") && i < SHOWN_ENTRIES; i++) {
        const char *text =
            json_object_get_string(json_object_array_get_idx(at(script, "warnings"), i));
        page_row(page, "warning", "%s", printable(text ? text : "?", shown, sizeof(shown)));
    }
}

/* More than that is no ratio of two scripts. */
#define RATIO_MOST 1e9

static bool is_ratio(double value)
{
    return value > 0 && value < RATIO_MOST;
}

static void print_comparison(const struct page *page, struct json_object *one)
{
    char label[80], against[80];
    const char *own = text_at(one, "label"), *other = text_at(one, "against");
    struct ratio ratio = { .ratio = number_at(one, "ratio"),
                           .low = number_at(one, "low"),
                           .high = number_at(one, "high") };
    ratio.bounded = is_ratio(ratio.low) && is_ratio(ratio.high);
    if (!own || !other || !is_ratio(ratio.ratio))
        return;
    autofree char *words = ratio_words(printable(own, label, sizeof(label)),
                                       printable(other, against, sizeof(against)), ratio);
    page_row(page, "", "%s", words);
}

static void print_benchmark(const struct page *page, struct json_object *result)
{
    size_t scripts = count_at(result, "scripts"), compared_count = count_at(result, "comparison");
    if (scripts == 0)
        print_statistics(page, result);
    for (size_t i = 0; i < scripts && i < SHOWN_ENTRIES; i++)
        print_statistics(page, json_object_array_get_idx(at(result, "scripts"), i));
    if (compared_count > 0)
        page_heading(page, "Compared");
    for (size_t i = 0; i < compared_count && i < SHOWN_ENTRIES; i++)
        print_comparison(page, json_object_array_get_idx(at(result, "comparison"), i));
}

/* --- lists ----------------------------------------------------------------- */

#define LABEL_MAX 32
#define TEXT_MAX  200

static const char *printed(const char *text, char *out, size_t room)
{
    return printable(text ? text : "?", out, room);
}

static void describe_installed(struct json_object *entry, char label[LABEL_MAX],
                               char text[TEXT_MAX])
{
    (void)snprintf(label, LABEL_MAX, "installed");
    (void)printed(json_object_get_string(entry), text, TEXT_MAX);
}

static void describe_denied(struct json_object *entry, char label[LABEL_MAX], char text[TEXT_MAX])
{
    char name[120];
    double times = number_at(entry, "count");
    (void)printed(text_at(entry, "what"), label, LABEL_MAX);
    (void)snprintf(text, TEXT_MAX, "%s, %.0f time%s",
                   printed(text_at(entry, "name"), name, sizeof(name)), isnan(times) ? 0 : times,
                   times == 1 ? "" : "s");
}

static void describe_change(struct json_object *entry, char label[LABEL_MAX], char text[TEXT_MAX])
{
    char path[120], size[32];
    double bytes = number_at(entry, "bytes");
    (void)printed(text_at(entry, "kind"), label, LABEL_MAX);
    (void)snprintf(text, TEXT_MAX, "%s%s%s", printed(text_at(entry, "path"), path, sizeof(path)),
                   isnan(bytes) ? "" : ", ", isnan(bytes) ? "" : page_bytes(bytes, size));
}

/* A list of the result: the first entries, one row each. */
static const struct list {
    const char *member, *heading; /* no heading: it goes on beneath the one before */
    bool once;                    /* the label stands before the first row alone */
    void (*describe)(struct json_object *entry, char label[LABEL_MAX], char text[TEXT_MAX]);
} installed = { "installed", NULL, true, describe_installed },
  lists[] = { { "denied", "Denied", false, describe_denied },
              { "changes", "Changes in the directory", false, describe_change } };

static void print_list(const struct page *page, struct json_object *result, const struct list *list)
{
    char label[LABEL_MAX], text[TEXT_MAX];
    struct json_object *entries = at(result, list->member);
    size_t count = count_at(result, list->member);
    if (count > 0 && list->heading)
        page_heading(page, list->heading);
    for (size_t i = 0; i < count && i < SHOWN_ENTRIES; i++) {
        list->describe(json_object_array_get_idx(entries, i), label, text);
        page_row(page, list->once && i > 0 ? "" : label, "%s", text);
    }
    if (count > SHOWN_ENTRIES)
        page_row(page, "", "and %zu more; --json has them all", count - SHOWN_ENTRIES);
}

static void print_environment(const struct page *page, struct json_object *result)
{
    char shown[80];
    const char *python = text_at(result, "python_version_used");
    const char *key = text_at(result, "environment.key");
    if (!python && !key)
        return;
    page_heading(page, "Environment");
    if (python)
        page_row(page, "python", "%s", printable(python, shown, sizeof(shown)));
    if (key)
        page_row(page, "key", "%s, %s", printable(key, shown, sizeof(shown)),
                 json_object_get_boolean(at(result, "environment.cached")) ? "was there already"
                                                                           : "made for this job");
    print_list(page, result, &installed);
}

/* What of the box this host could not give. */
static void print_missing(const struct page *page, struct json_object *result)
{
    struct json_object *layers = at(result, "layers");
    char name[48], why[200];
    bool headed = false;
    if (!json_object_is_type(layers, json_type_object))
        return;
    json_object_object_foreach(layers, key, value)
    {
        const char *text = json_object_get_string(value);
        if (!text || (!starts_with(text, "missing") && !starts_with(text, "off")) ||
            strcmp(key, "egress") == 0)
            continue;
        if (!headed)
            page_heading(page, "Not in force");
        headed = true;
        page_row(page, printable(key, name, sizeof(name)), "%s", printable(text, why, sizeof(why)));
    }
}

/* --- and now? -------------------------------------------------------------- */

static void print_next(const struct page *page, const struct record *record)
{
    char id[SHORT_ID + 1];
    (void)snprintf(id, sizeof(id), "%.*s", SHORT_ID, record->id);
    page_heading(page, "Next");
    if (!job_status_ended(record->status)) {
        page_row(page, "follow", "cordon jobs output --follow %s", id);
        page_row(page, "cancel", "cordon jobs cancel %s", id);
        return;
    }
    if (record->bytes[0] + record->bytes[1] > 0)
        page_row(page, "output", "cordon jobs output %s", id);
    page_row(page, "all of it", "cordon jobs show --json %s", id);
}

/* What its runs write is dropped (recording_output() is never called). */
static bool is_bench(const struct record *record)
{
    return record->tool && strcmp(record->tool, TOOL_BENCH) == 0;
}

void job_page(struct jobs_visit *visit, const struct record *record)
{
    const struct page page = page_of_output();
    autojson struct json_object *result =
        record->result ? json_tokener_parse(record->result) : NULL;
    print_head(&page, record, result);
    print_end(&page, record, result);
    print_when(&page, record);
    if (!job_status_ended(record->status))
        print_progress(&page, &record->progress);
    bool several = count_at(result, "runs") > 1 || is_bench(record);
    if (several)
        print_benchmark(&page, result);
    print_phases(&page, record, result, several);
    print_limits(&page, result, several);
    print_further(&page, result);
    print_environment(&page, result);
    for (size_t i = 0; i < COUNT(lists); i++)
        print_list(&page, result, &lists[i]);
    print_missing(&page, result);
    if (!is_bench(record))
        job_page_output(&page, visit, record);
    print_next(&page, record);
}
