/* SPDX-License-Identifier: Apache-2.0 */
#include "run/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "run/missing.h"
#include "run/result_changes.h"

#define MIB (1024.0 * 1024.0)

#define WRITE_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Which limit an end is about; NULL in the second column: no number to name. */
static const struct ending {
    enum end end;
    const char *limit;
    const char *status;
} endings[END_COUNT] = {
    { END_EXITED, NULL, "completed" },  { END_SIGNALLED, NULL, "completed" },
    { END_WALL, "wall", "failed" },     { END_CPU, "cpu", "failed" },
    { END_MEMORY, "memory", "failed" }, { END_OUTPUT, "output", "failed" },
    { END_DISK, "scratch", "failed" },  { END_CANCELLED, NULL, "cancelled" },
    { END_REFUSED, NULL, "failed" },    { END_FAULT, NULL, "failed" },
};

const char *result_status(const struct outcome *outcome)
{
    return outcome->end < END_COUNT ? endings[outcome->end].status : "failed";
}

const char *result_text(struct json_object *object, size_t *len)
{
    return json_object_to_json_string_length(object, WRITE_FLAGS, len);
}

/* --- small values ------------------------------------------------------------ */

/* A number with at most `digits` decimals and no zeros at the end: json-c would
 * write 0.0119 as 0.011899999999999999. */
static void number_print(double value, int digits, char out[64])
{
    int len = snprintf(out, 64, "%.*f", digits, value);
    if (len <= 0 || len >= 64 || !strchr(out, '.'))
        return;
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[len - 1] = '\0';
}

static struct json_object *number(double value, int digits)
{
    char text[64];
    number_print(value, digits, text);
    return json_object_new_double_s(value, text);
}

static struct json_object *seconds(uint64_t ns)
{
    return number((double)ns / (double)NS_PER_S, 6);
}

static struct json_object *text_or_null(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

static struct json_object *list_json(char *const *list)
{
    struct json_object *array = json_object_new_array();
    for (; list && *list; list++)
        json_object_array_add(array, json_object_new_string(*list));
    return array;
}

/* --- sentences ----------------------------------------------------------------- */

static const struct limit_field *limit_named(const char *name)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (strcmp(limit_fields[i].name, name) == 0)
            return &limit_fields[i];
    return NULL;
}

/* "wall limit of 3 s reached"; without the number where it is not known. */
static char *limit_sentence(const char *name, const struct limits *limits)
{
    const struct limit_field *field = limit_named(name);
    uint64_t value = field && limits ? limit_get(limits, field) : UNBOUNDED;
    if (value == UNBOUNDED)
        return xasprintf("%s limit reached", name);
    char shown[64];
    if (field->unit == UNIT_DURATION) {
        number_print((double)value / 1000.0, 3, shown);
        return xasprintf("%s limit of %s s reached", name, shown);
    }
    limit_print(value, field->unit, shown);
    return xasprintf("%s limit of %s reached", name, shown);
}

char *result_sentence(const struct outcome *outcome, const struct limits *limits)
{
    if (outcome->end >= END_COUNT || outcome->end == END_EXITED || outcome->end == END_SIGNALLED)
        return NULL;
    const char *limit = endings[outcome->end].limit;
    bool told = outcome->end == END_DISK || (outcome->end == END_MEMORY &&
                                             starts_with(outcome->error.text, "memory limit of "));
    if (limit && !told)
        return limit_sentence(limit, limits);
    if (outcome->error.text[0])
        return xstrdup(outcome->error.text);
    return limit ? limit_sentence(limit, limits) : xstrdup(end_name(outcome->end));
}

/* --- members --------------------------------------------------------------------- */

static struct json_object *signal_json(const struct outcome *outcome)
{
    if (outcome->end != END_SIGNALLED)
        return NULL;
    const char *name = signal_name(outcome->code);
    char plain[32];
    (void)snprintf(plain, sizeof(plain), "signal %d", outcome->code);
    return json_object_new_string(name ? name : plain);
}

static struct json_object *reached_json(unsigned reached)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = { { REACHED_PIDS, "pids" }, { REACHED_DISK, "disk" }, { REACHED_FILES, "files" } };
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < COUNT(names); i++)
        if (reached & names[i].bit)
            json_object_array_add(array, json_object_new_string(names[i].name));
    return array;
}

/* What not every host can tell; a member that is not known is absent. */
static void add_known(struct json_object *object, const struct usage *usage)
{
    const struct {
        enum usage_known bit;
        const char *name;
        uint64_t value;
    } counts[] = { { USAGE_READ, "read_bytes", usage->read_bytes },
                   { USAGE_WRITTEN, "written_bytes", usage->written_bytes },
                   { USAGE_SWITCHES, "context_switches", usage->context_switches } };
    for (size_t i = 0; i < COUNT(counts); i++)
        if (usage->known & counts[i].bit)
            json_object_object_add(object, counts[i].name, json_object_new_uint64(counts[i].value));
    if (usage->known & USAGE_OWN_CPU)
        json_object_object_add(object, "cordon_cpu_seconds", seconds(usage->own_cpu_ns));
}

/* Every run takes time; of one whose supervisor died there are no figures. */
static bool usage_is_known(const struct usage *usage)
{
    return usage->wall_ns > 0;
}

/* They follow each other; interpreter and script together are wall_seconds. */
static struct json_object *phases_json(const struct outcome *outcome, const struct started *started)
{
    const struct usage *usage = &outcome->usage;
    bool known = usage->known & USAGE_INTERPRETER;
    uint64_t interpreter_ns = known ? usage->interpreter_ns : 0;
    struct json_object *phases = json_object_new_object();
    json_object_object_add(phases, "queue", seconds(started->queue_ns));
    json_object_object_add(phases, "prepare", seconds(started->prepare_ns));
    json_object_object_add(phases, "box",
                           seconds(outcome->box_ns > 0 ? outcome->box_ns : started->box_ns));
    if (known)
        json_object_object_add(phases, "interpreter", seconds(interpreter_ns));
    if (usage_is_known(usage))
        json_object_object_add(phases, "script", seconds(usage->wall_ns - interpreter_ns));
    return phases;
}

static void add_figures(struct json_object *object, const struct usage *usage)
{
    json_object_object_add(object, "wall_seconds", seconds(usage->wall_ns));
    json_object_object_add(object, "cpu_user_seconds", seconds(usage->cpu_user_ns));
    json_object_object_add(object, "cpu_system_seconds", seconds(usage->cpu_system_ns));
    if (usage->cpu_at_least)
        json_object_object_add(object, "cpu_at_least", json_object_new_boolean(true));
    json_object_object_add(object, "peak_memory_mb",
                           number((double)usage->memory_peak_bytes / MIB, 3));
    if (usage->memory_at_least)
        json_object_object_add(object, "peak_memory_at_least", json_object_new_boolean(true));
    if (usage->known & USAGE_CACHE_PEAK)
        json_object_object_add(object, "peak_memory_cache_mb",
                               number((double)usage->memory_cache_peak_bytes / MIB, 3));
    json_object_object_add(object, "processes_peak", json_object_new_uint64(usage->pids_peak));
    add_known(object, usage);
    json_object_object_add(object, "source",
                           json_object_new_string(usage_source_name(usage->source)));
}

static struct json_object *usage_json(const struct outcome *outcome, const struct started *started)
{
    const struct usage *usage = &outcome->usage;
    struct json_object *object = json_object_new_object();
    if (usage_is_known(usage))
        add_figures(object, usage);
    if (started)
        json_object_object_add(object, "phases", phases_json(outcome, started));
    return object;
}

struct json_object *limits_json(const struct limits *limits)
{
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_field *field = &limit_fields[i];
        uint64_t value = limit_get(limits, field);
        struct json_object *shown = NULL; /* no limit */
        if (value != UNBOUNDED)
            shown = value % field->scale == 0 ? json_object_new_uint64(value / field->scale)
                                              : number((double)value / (double)field->scale, 6);
        json_object_object_add(object, field->member, shown);
    }
    return object;
}

static struct json_object *layers_json(const struct started *started)
{
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < started->layer_count; i++)
        json_object_object_add(object, started->layers[i].name,
                               json_object_new_string(started->layers[i].value));
    return object;
}

static struct json_object *denied_json(const struct outcome *outcome)
{
    struct json_object *array = json_object_new_array();
    for (unsigned i = 0; i < outcome->denied_count; i++) {
        const struct denied *denied = &outcome->denied[i];
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "what", json_object_new_string(denied_name(denied->what)));
        json_object_object_add(row, "name", json_object_new_string(denied->name));
        json_object_object_add(row, "count", json_object_new_uint64(denied->count));
        json_object_array_add(array, row);
    }
    return array;
}

static struct json_object *environment_json(const struct started *started)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "key", text_or_null(started->key));
    json_object_object_add(object, "cached", json_object_new_boolean(started->cached));
    return object;
}

/* What is known once a box stood. */
static void add_started(struct json_object *object, const struct started *started)
{
    json_object_object_add(object, "limits", limits_json(&started->limits));
    json_object_object_add(object, "environment", environment_json(started));
    json_object_object_add(object, "layers", layers_json(started));
    if (started->requirements)
        json_object_object_add(object, "resolved_dependencies", list_json(started->requirements));
    if (started->installed)
        json_object_object_add(object, "installed", list_json(started->installed));
    if (started->python)
        json_object_object_add(object, "python_version_used",
                               json_object_new_string(started->python));
}

/* --- output ---------------------------------------------------------------------- */

/* The lines that cordon adds below a stream: what was dropped, which limit ended it. */
static void add_last_lines(struct str *text, const struct result_input *input, int stream)
{
    autostr struct str lines = { 0 };
    const struct limits *limits = input->started ? &input->started->limits : NULL;
    if (input->dropped[stream]) {
        char shown[32] = "";
        if (limits)
            limit_print(limits->output_bytes, UNIT_SIZE, shown);
        str_printf(&lines,
                   "[... %" PRIu64 " bytes after this dropped: output limit of %s reached ...]\n",
                   input->dropped[stream], shown);
    }
    if (stream == 1 && (input->outcome->end == END_WALL || input->outcome->end == END_CPU)) {
        autofree char *sentence = result_sentence(input->outcome, limits);
        str_printf(&lines, "[TIMEOUT] %s\n", sentence);
    }
    const char *hint =
        stream == 1 ? missing_hint(input->started, input->outcome, text->data) : NULL;
    if (hint)
        str_printf(&lines, "cordon: %s\n", hint);
    if (lines.len == 0)
        return;
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        str_putc(text, '\n');
    str_add(text, lines.data, lines.len);
}

/* Returns whether all of the stream is in the text. */
static bool add_stream(struct json_object *object, const struct result_input *input, int stream,
                       size_t budget)
{
    autostr struct str text = { 0 };
    bool whole = capture_text(input->output[stream], budget, input->rest, &text);
    add_last_lines(&text, input, stream);
    json_object_object_add(object, stream == 0 ? "stdout" : "stderr",
                           json_object_new_string_len(text.data ? text.data : "", (int)text.len));
    return whole && input->dropped[stream] == 0;
}

size_t result_cost(struct json_object *object)
{
    size_t len, cost = 0;
    const char *text = result_text(object, &len);
    for (size_t i = 0; i < len; i++)
        cost += text[i] == '"' || text[i] == '\\' ? 2 : 1;
    return cost + len;
}

/* A stream that needs less than half leaves the rest to the other one. */
static void add_output(struct json_object *object, const struct result_input *input, size_t others)
{
    size_t used = others + REPLY_ENVELOPE_BYTES;
    size_t room = used < REPLY_BYTES_MAX ? REPLY_BYTES_MAX - used : 0;
    size_t wants[2], budget[2];
    for (int i = 0; i < 2; i++)
        wants[i] = capture_size(input->output[i]);
    for (int i = 0; i < 2; i++)
        budget[i] = wants[!i] < room / 2 ? room - wants[!i] : room / 2;

    bool whole_out = add_stream(object, input, 0, budget[0]);
    bool whole_err = add_stream(object, input, 1, budget[1]);
    struct json_object *output = json_object_new_object();
    json_object_object_add(output, "stdout_bytes",
                           json_object_new_uint64(input->output[0]->bytes + input->dropped[0]));
    json_object_object_add(output, "stderr_bytes",
                           json_object_new_uint64(input->output[1]->bytes + input->dropped[1]));
    json_object_object_add(output, "truncated", json_object_new_boolean(!whole_out || !whole_err));
    json_object_object_add(object, "output", output);
}

struct json_object *result_build(const struct result_input *input)
{
    const struct outcome *outcome = input->outcome;
    const struct started *started = input->started;
    bool uv = started ? started->uv : input->use_uv;
    autofree char *sentence =
        result_error(outcome, started ? &started->limits : NULL, input->asker);

    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "status", json_object_new_string(result_status(outcome)));
    /* The members keep the order of their first insertion: the contract's. */
    json_object_object_add(object, "stdout", NULL);
    json_object_object_add(object, "stderr", NULL);
    json_object_object_add(object, "exit_code", json_object_new_int(outcome_exit_code(outcome)));
    json_object_object_add(object, "execution_strategy",
                           json_object_new_string(uv ? "uv-run" : "system-python"));
    json_object_object_add(object, "elapsed_seconds", seconds(input->elapsed_ns));
    json_object_object_add(object, "end", json_object_new_string(end_name(outcome->end)));
    json_object_object_add(object, "signal", signal_json(outcome));
    json_object_object_add(object, "reached", reached_json(outcome->reached));
    json_object_object_add(object, "error", text_or_null(sentence));
    if (started) /* else nothing ran that could have used anything */
        json_object_object_add(object, "usage", usage_json(outcome, started));
    json_object_object_add(object, "policy",
                           text_or_null(started && started->policy[0] ? started->policy
                                                                      : input->policy));
    if (started) {
        add_started(object, started);
        json_object_object_add(object, "denied", denied_json(outcome));
        if (outcome->denied_unlisted > 0)
            json_object_object_add(object, "denied_omitted",
                                   json_object_new_uint64(outcome->denied_unlisted));
    }
    if (started && input->benchmark)
        benchmark_add_to(object, input->benchmark, input->last);
    json_object_object_add(object, "job_id", text_or_null(input->job));
    /* A list without bound is for a file or a pipe, which have room for the output too. */
    size_t others = result_cost(object);
    result_add_changes(object, input->changes, input->changes_room);
    if (input->changes_room < SIZE_MAX)
        others = result_cost(object);
    add_output(object, input, others);
    return object;
}
