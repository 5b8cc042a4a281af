/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/document.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart/processes.h"
#include "json.h"
#include "str.h"

const char *const phase_names[PHASE_COUNT] = { "queue", "prepare", "box", "interpreter", "script" };

/* --- values ------------------------------------------------------------------------------- */

static struct json_object *member_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    if (json_object_is_type(object, json_type_object))
        (void)json_object_object_get_ex(object, name, &value);
    return value;
}

double json_figure(struct json_object *object, const char *member)
{
    struct json_object *value = member_of(object, member);
    if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
        return UNKNOWN;
    double number = json_object_get_double(value);
    if (!isfinite(number) || number > CHART_NUMBER_MAX)
        return UNKNOWN;
    return number > 0 ? number : 0;
}

void one_line(const char *text, char *out, size_t room)
{
    (void)printable(text, out, room);
    size_t end = strlen(out);
    if (utf8_valid(out, end))
        return;
    /* It was cut within a character: the dots go where that began. */
    end -= 3;
    while (end > 0 && ((unsigned char)out[end - 1] & 0xc0) == 0x80)
        end--;
    end -= end > 0 && (unsigned char)out[end - 1] >= 0xc0;
    memcpy(out + end, "...", 4);
}

void json_text(struct json_object *object, const char *member, char *out, size_t room)
{
    struct json_object *value = member_of(object, member);
    if (json_object_is_type(value, json_type_string))
        one_line(json_object_get_string(value), out, room);
    else
        out[0] = '\0';
}

struct json_object *json_list(struct json_object *object, const char *member)
{
    struct json_object *value = member_of(object, member);
    return json_object_is_type(value, json_type_array) ? value : NULL;
}

/* Of so many elements one is kept, that they fit. */
static size_t stride_of(size_t count, size_t most)
{
    return count > most ? (count + most - 1) / most : 1;
}

static double known(double value)
{
    return isnan(value) ? 0 : value;
}

/* --- samples ------------------------------------------------------------------------------ */

static void read_each(struct json_object *list, struct sample *sample)
{
    size_t count = list ? json_object_array_length(list) : 0;
    if (count == 0)
        return;
    if (count > CHART_EACH_MAX)
        count = CHART_EACH_MAX;
    sample->each = xcalloc(count, sizeof(*sample->each));
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        sample->each[i] = (struct share){
            .pid = (long)known(json_figure(row, "pid")),
            .cpu_seconds = known(json_figure(row, "cpu_seconds")),
            .memory_mb = known(json_figure(row, "memory_mb")),
        };
    }
    sample->each_count = count;
}

/* Those without a time, or not after the one before, say nothing. */
static void read_samples(struct json_object *list, struct measured *measured)
{
    size_t count = list ? json_object_array_length(list) : 0;
    if (count == 0)
        return;
    size_t stride = stride_of(count, CHART_SAMPLES_MAX);
    measured->samples = xcalloc(count / stride + 1, sizeof(*measured->samples));
    double last = -1;
    for (size_t i = 0; i < count; i += stride) {
        struct json_object *row = json_object_array_get_idx(list, i);
        struct sample *sample = &measured->samples[measured->sample_count];
        sample->time_seconds = json_figure(row, "time_seconds");
        sample->cpu_seconds = json_figure(row, "cpu_seconds");
        sample->memory_mb = json_figure(row, "memory_mb");
        sample->processes = json_figure(row, "processes");
        if (isnan(sample->time_seconds) || sample->time_seconds <= last)
            continue;
        last = sample->time_seconds;
        read_each(json_list(row, "each"), sample);
        measured->sample_count++;
    }
}

/* --- runs ----------------------------------------------------------------------------------- */

static void read_runs(struct json_object *list, struct measured *measured)
{
    size_t count = list ? json_object_array_length(list) : 0;
    if (count == 0)
        return;
    size_t stride = stride_of(count, CHART_RUNS_MAX);
    measured->runs = xcalloc(count / stride + 1, sizeof(*measured->runs));
    for (size_t i = 0; i < count; i += stride) {
        struct json_object *row = json_object_array_get_idx(list, i);
        struct run_figures *run = &measured->runs[measured->run_count];
        run->wall_seconds = json_figure(row, "wall_seconds");
        run->cpu_seconds = known(json_figure(row, "cpu_user_seconds")) +
                           known(json_figure(row, "cpu_system_seconds"));
        run->memory_mb = json_figure(row, "peak_memory_mb");
        char end[32];
        json_text(row, "end", end, sizeof(end));
        run->good = (!*end || strcmp(end, "exited") == 0) && !(json_figure(row, "exit_code") > 0);
        if (!isnan(run->wall_seconds))
            measured->run_count++;
    }
}

/* --- one script ------------------------------------------------------------------------------ */

static double first_known(double a, double b)
{
    return isnan(a) ? b : a;
}

static void read_warnings(struct json_object *list, struct measured *measured)
{
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count && measured->warning_count < CHART_WARNINGS_MAX; i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        if (json_object_is_type(row, json_type_string))
            one_line(json_object_get_string(row), measured->warnings[measured->warning_count++],
                     CHART_TEXT_MAX);
    }
}

static void read_measured(struct json_object *object, struct measured *ret)
{
    struct json_object *usage = member_of(object, "usage"), *limits = member_of(object, "limits");
    struct json_object *phases = member_of(usage, "phases");
    json_text(object, "label", ret->label, sizeof(ret->label));
    json_text(object, "end", ret->end, sizeof(ret->end));
    json_text(object, "signal", ret->signal, sizeof(ret->signal));
    double code = json_figure(object, "exit_code");
    ret->exit_code = code <= 255 ? (int)code : -1;
    ret->wall_seconds =
        first_known(json_figure(usage, "wall_seconds"), json_figure(object, "wall_time_seconds"));
    ret->cpu_user_seconds = json_figure(usage, "cpu_user_seconds");
    ret->cpu_system_seconds = json_figure(usage, "cpu_system_seconds");
    ret->peak_memory_mb =
        first_known(json_figure(usage, "peak_memory_mb"), json_figure(object, "peak_rss_mb"));
    ret->processes_peak = json_figure(usage, "processes_peak");
    for (size_t i = 0; i < PHASE_COUNT; i++)
        ret->phases[i] = json_figure(phases, phase_names[i]);
    ret->limit_wall_seconds = json_figure(limits, "wall_seconds");
    ret->limit_memory_mb = json_figure(limits, "memory_mb");
    ret->limit_cpu_seconds = json_figure(limits, "cpu_seconds");
    read_samples(json_list(object, "samples"), ret);
    read_runs(json_list(object, "runs"), ret);
    processes_name(json_list(object, "samples"), ret);
    read_warnings(json_list(object, "warnings"), ret);
}

static void read_comparison(struct json_object *row, struct document *document)
{
    struct comparison *next = &document->comparisons[document->comparison_count];
    json_text(row, "label", next->label, sizeof(next->label));
    json_text(row, "against", next->against, sizeof(next->against));
    next->ratio = json_figure(row, "ratio");
    next->low = json_figure(row, "low");
    next->high = json_figure(row, "high");
    if (!isnan(next->ratio))
        document->comparison_count++;
}

static void read_scripts(struct json_object *object, struct document *ret)
{
    struct json_object *list = json_list(object, "scripts");
    size_t count = list ? json_object_array_length(list) : 0;
    size_t taken = count > CHART_SCRIPTS_MAX ? CHART_SCRIPTS_MAX : count;
    ret->scripts = xcalloc(taken ? taken : 1, sizeof(*ret->scripts));
    for (size_t i = 0; i < taken; i++)
        read_measured(json_object_array_get_idx(list, i), &ret->scripts[i]);
    if (taken == 0)
        read_measured(object, &ret->scripts[0]);
    ret->script_count = taken ? taken : 1;
    ret->omitted = count - taken;
}

/* --- names ------------------------------------------------------------------------------------ */

/* The directories in front of a path; 0 for what is no plain path, such as a line of code. */
static size_t directories(const char *label)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._-+~/";
    const char *slash = label[strspn(label, plain)] == '\0' ? strrchr(label, '/') : NULL;
    return slash && slash[1] ? (size_t)(slash + 1 - label) : 0;
}

static void drop(char *label, size_t len)
{
    memmove(label, label + len, strlen(label + len) + 1);
}

/* Where all scripts come from one directory its name tells nothing and takes the room. */
static void shorten_labels(struct document *document)
{
    const char *first = document->scripts[0].label;
    size_t len = directories(first);
    for (size_t i = 1; i < document->script_count; i++)
        if (directories(document->scripts[i].label) != len ||
            strncmp(first, document->scripts[i].label, len) != 0)
            return;
    for (size_t i = 0; i < document->comparison_count; i++) {
        struct comparison *row = &document->comparisons[i];
        if (strncmp(first, row->label, len) == 0 && strncmp(first, row->against, len) == 0) {
            drop(row->label, len);
            drop(row->against, len);
        }
    }
    for (size_t i = document->script_count; len > 0 && i > 0; i--)
        drop(document->scripts[i - 1].label, len); /* the first, which is compared with, last */
}

int document_read(const char *text, size_t len, struct document *ret, struct error *err)
{
    struct json_object *object autojson = NULL;
    if (json_load(text, len, &object, err) != JSON_OK)
        return -err->code;
    if (!json_object_is_type(object, json_type_object))
        return fail_caller(err, EINVAL, "the document is no JSON object");
    struct document document = { 0 };
    read_scripts(object, &document);
    struct json_object *list = json_list(object, "comparison");
    size_t count = list ? json_object_array_length(list) : 0;
    if (count > CHART_SCRIPTS_MAX)
        count = CHART_SCRIPTS_MAX;
    document.comparisons = xcalloc(count + 1, sizeof(*document.comparisons));
    for (size_t i = 0; i < count; i++)
        read_comparison(json_object_array_get_idx(list, i), &document);
    shorten_labels(&document);
    *ret = document;
    return 0;
}

void document_done(struct document *document)
{
    for (size_t i = 0; i < document->script_count; i++) {
        struct measured *measured = &document->scripts[i];
        for (size_t s = 0; s < measured->sample_count; s++)
            free(measured->samples[s].each);
        free(measured->samples);
        free(measured->runs);
    }
    free(document->scripts);
    free(document->comparisons);
    *document = (struct document){ 0 };
}
