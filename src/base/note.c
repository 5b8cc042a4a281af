/* SPDX-License-Identifier: Apache-2.0 */
/* note.c - notes as bytes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/note.h>

#include "frame.h"

#define LIST_MAX   4096
#define LAYERS_MAX 64

void started_done(struct started *started)
{
    free(started->key);
    free(started->python);
    list_free(started->requirements);
    list_free(started->installed);
    list_free(started->hints);
    for (size_t i = 0; i < started->layer_count; i++) {
        free(started->layers[i].name);
        free(started->layers[i].value);
    }
    free(started->layers);
    *started = (struct started){ 0 };
}

void note_done(struct note *note)
{
    if (note->kind == NOTE_STARTED)
        started_done(&note->started);
    if (note->kind == NOTE_CHANGES)
        changes_done(&note->changes);
}

static void put_usage(struct str *out, const struct usage *usage)
{
    frame_put_u64(out, usage->wall_ns);
    frame_put_u64(out, usage->cpu_user_ns);
    frame_put_u64(out, usage->cpu_system_ns);
    frame_put_u64(out, usage->memory_peak_bytes);
    frame_put_u64(out, usage->pids_peak);
    frame_put_u64(out, usage->memory_cache_peak_bytes);
    frame_put_u64(out, usage->read_bytes);
    frame_put_u64(out, usage->written_bytes);
    frame_put_u64(out, usage->context_switches);
    frame_put_u64(out, usage->interpreter_ns);
    frame_put_u64(out, usage->own_cpu_ns);
    frame_put_u8(out, (uint8_t)usage->known);
    frame_put_u8(out, usage->cpu_at_least);
    frame_put_u8(out, usage->memory_at_least);
    frame_put_u8(out, (uint8_t)usage->source);
}

static unsigned get_choice(struct frame_reader *in, unsigned max)
{
    unsigned value = frame_u8(in);
    if (value > max)
        in->bad = true;
    return in->bad ? 0 : value;
}

static void get_usage(struct frame_reader *in, struct usage *usage)
{
    usage->wall_ns = frame_u64(in);
    usage->cpu_user_ns = frame_u64(in);
    usage->cpu_system_ns = frame_u64(in);
    usage->memory_peak_bytes = frame_u64(in);
    usage->pids_peak = frame_u64(in);
    usage->memory_cache_peak_bytes = frame_u64(in);
    usage->read_bytes = frame_u64(in);
    usage->written_bytes = frame_u64(in);
    usage->context_switches = frame_u64(in);
    usage->interpreter_ns = frame_u64(in);
    usage->own_cpu_ns = frame_u64(in);
    usage->known = get_choice(in, USAGE_KNOWN_ALL);
    usage->cpu_at_least = get_choice(in, 1);
    usage->memory_at_least = get_choice(in, 1);
    usage->source = get_choice(in, USAGE_SAMPLED);
    if ((usage->known & USAGE_INTERPRETER) && usage->interpreter_ns > usage->wall_ns)
        in->bad = true;
}

static void put_sample(struct str *out, const struct sample *sample)
{
    put_usage(out, &sample->usage);
    frame_put_u32(out, sample->each_count);
    for (uint32_t i = 0; i < sample->each_count; i++) {
        const struct sample_process *process = &sample->each[i];
        frame_put_u32(out, process->pid);
        frame_put_text(out, process->name);
        frame_put_u64(out, process->cpu_ns);
        frame_put_u64(out, process->memory_bytes);
    }
}

static void get_sample(struct frame_reader *in, struct sample *sample)
{
    get_usage(in, &sample->usage);
    sample->each_count = frame_u32(in);
    if (sample->each_count > SAMPLE_PROCESSES_MAX)
        in->bad = true;
    for (uint32_t i = 0; i < sample->each_count && !in->bad; i++) {
        struct sample_process *process = &sample->each[i];
        process->pid = frame_u32(in);
        frame_fixed(in, process->name, sizeof(process->name));
        process->cpu_ns = frame_u64(in);
        process->memory_bytes = frame_u64(in);
    }
}

static void put_measured(struct str *out, const struct measured *measured)
{
    frame_put_u64(out, measured->interval_ns);
    frame_put_u64(out, measured->sampling_cpu_ns);
    frame_put_u32(out, measured->counted);
    for (int i = 0; i < COUNTER_COUNT; i++)
        frame_put_u64(out, measured->counters[i]);
    frame_put_text(out, measured->missing);
}

static void get_measured(struct frame_reader *in, struct measured *measured)
{
    measured->interval_ns = frame_u64(in);
    measured->sampling_cpu_ns = frame_u64(in);
    measured->counted = frame_u32(in);
    for (int i = 0; i < COUNTER_COUNT; i++)
        measured->counters[i] = frame_u64(in);
    frame_fixed(in, measured->missing, sizeof(measured->missing));
}

static void put_started(struct str *out, const struct started *started)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        frame_put_u64(out, limit_get(&started->limits, &limit_fields[i]));
    frame_put_u8(out, started->output_end);
    frame_put_text(out, started->policy);
    frame_put_u8(out, started->uv);
    frame_put_text(out, started->key);
    frame_put_u8(out, started->cached);
    frame_put_text(out, started->python);
    frame_put_list(out, started->requirements);
    frame_put_list(out, started->installed);
    frame_put_list(out, started->hints);
    frame_put_u32(out, (uint32_t)started->layer_count);
    for (size_t i = 0; i < started->layer_count; i++) {
        frame_put_text(out, started->layers[i].name);
        frame_put_text(out, started->layers[i].value);
    }
    frame_put_u64(out, started->queue_ns);
    frame_put_u64(out, started->prepare_ns);
    frame_put_u64(out, started->box_ns);
}

static void get_layers(struct frame_reader *in, struct started *started)
{
    uint32_t count = frame_u32(in);
    if (count > LAYERS_MAX) {
        in->bad = true;
        return;
    }
    started->layers = count ? xcalloc(count, sizeof(*started->layers)) : NULL;
    for (uint32_t i = 0; i < count && !in->bad; i++) {
        started->layers[i].name = frame_text(in);
        started->layers[i].value = frame_text(in);
        started->layer_count = i + 1;
        if (!started->layers[i].name || !started->layers[i].value)
            in->bad = true;
    }
}

static void get_started(struct frame_reader *in, struct started *started)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        *limit_at(&started->limits, &limit_fields[i]) = frame_u64(in);
    started->output_end = get_choice(in, 1);
    frame_fixed(in, started->policy, sizeof(started->policy));
    started->uv = get_choice(in, 1);
    started->key = frame_text(in);
    started->cached = get_choice(in, 1);
    started->python = frame_text(in);
    started->requirements = frame_list(in, LIST_MAX);
    started->installed = frame_list(in, LIST_MAX);
    started->hints = frame_list(in, LIST_MAX);
    get_layers(in, started);
    started->queue_ns = frame_u64(in);
    started->prepare_ns = frame_u64(in);
    started->box_ns = frame_u64(in);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Not negative, not too big, and not what is no number. */
static double get_amount(struct frame_reader *in)
{
    uint64_t bits = frame_u64(in);
    double value;
    memcpy(&value, &bits, sizeof(value));
    if (!(value >= 0 && value <= PROGRESS_NUMBER_MAX))
        in->bad = true;
    return in->bad ? 0 : value;
}

static void put_progress(struct str *out, const struct progress_note *progress)
{
    frame_put_u64(out, bits_of(progress->current));
    frame_put_u64(out, bits_of(progress->total));
    frame_put_text(out, progress->message);
}

static void get_progress(struct frame_reader *in, struct progress_note *progress)
{
    progress->current = get_amount(in);
    progress->total = get_amount(in);
    frame_fixed(in, progress->message, sizeof(progress->message));
    if (!utf8_valid(progress->message, strlen(progress->message)))
        in->bad = true;
}

static void put_denied(struct str *out, const struct outcome *outcome)
{
    frame_put_u32(out, outcome->denied_count);
    for (unsigned i = 0; i < outcome->denied_count; i++) {
        frame_put_u8(out, (uint8_t)outcome->denied[i].what);
        frame_put_text(out, outcome->denied[i].name);
        frame_put_u64(out, outcome->denied[i].count);
    }
    frame_put_u64(out, outcome->denied_unlisted);
}

static void get_denied(struct frame_reader *in, struct outcome *outcome)
{
    uint32_t count = frame_u32(in);
    if (count > DENIED_MAX)
        in->bad = true;
    for (uint32_t i = 0; i < count && !in->bad; i++) {
        struct denied *denied = &outcome->denied[i];
        denied->what = get_choice(in, DENIED_KINDS - 1);
        frame_fixed(in, denied->name, sizeof(denied->name));
        denied->count = frame_u64(in);
        outcome->denied_count = i + 1;
    }
    outcome->denied_unlisted = frame_u64(in);
}

/* Numbers and lengths of one entry on the wire. */
#define CHANGE_OVERHEAD 20

size_t note_changes_part(const struct changes *changes, size_t from)
{
    size_t bytes = 0, n = from;
    for (; n < changes->count; n++) {
        const struct change *change = &changes->list[n];
        bytes += CHANGE_OVERHEAD + strlen(change->path) + (change->note ? strlen(change->note) : 0);
        if (n > from && bytes > NOTE_BYTES_MAX / 2)
            break;
    }
    return n - from;
}

static void put_changes(struct str *out, const struct changes *changes)
{
    frame_put_u8(out, (uint8_t)changes->fate);
    frame_put_u64(out, changes->more);
    frame_put_u64(out, changes->failed);
    frame_put_u32(out, (uint32_t)changes->count);
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        frame_put_text(out, change->path);
        frame_put_u8(out, (uint8_t)change->kind);
        frame_put_u64(out, change->bytes);
        frame_put_text(out, change->note);
    }
}

static void get_changes(struct frame_reader *in, struct changes *changes)
{
    changes->fate = get_choice(in, CHANGES_DROPPED);
    changes->more = frame_u64(in);
    changes->failed = frame_u64(in);
    uint32_t count = frame_u32(in);
    if (count > CHANGES_MAX)
        in->bad = true;
    for (uint32_t i = 0; i < count && !in->bad; i++) {
        autofree char *path = frame_text(in);
        enum change_kind kind = get_choice(in, CHANGE_REMOVED);
        uint64_t bytes = frame_u64(in);
        autofree char *note = frame_text(in);
        if (!path)
            in->bad = true;
        if (!in->bad)
            changes_add(changes, path, kind, bytes, note);
    }
    if (changes->count != count)
        in->bad = true;
}

static void put_outcome(struct str *out, const struct outcome *outcome)
{
    frame_put_u8(out, (uint8_t)outcome->end);
    frame_put_u32(out, (uint32_t)outcome->code);
    frame_put_u32(out, outcome->reached);
    put_usage(out, &outcome->usage);
    frame_put_u64(out, outcome->box_ns);
    frame_put_u32(out, (uint32_t)outcome->error.code);
    frame_put_u8(out, (uint8_t)outcome->error.blame);
    frame_put_text(out, outcome->error.text);
    put_denied(out, outcome);
}

static void get_outcome(struct frame_reader *in, struct outcome *outcome)
{
    outcome->end = get_choice(in, END_COUNT - 1);
    outcome->code = (int)frame_u32(in);
    outcome->reached = frame_u32(in);
    get_usage(in, &outcome->usage);
    outcome->box_ns = frame_u64(in);
    outcome->error.code = (int)frame_u32(in);
    outcome->error.blame = get_choice(in, BLAME_HOST);
    frame_fixed(in, outcome->error.text, sizeof(outcome->error.text));
    get_denied(in, outcome);
}

static void put_spans(struct str *out, const struct spans *spans)
{
    frame_put_u32(out, (uint32_t)spans->count);
    for (size_t i = 0; i < spans->count; i++) {
        const struct span *span = &spans->list[i];
        frame_put_u8(out, (uint8_t)span->lane);
        frame_put_text(out, span->name);
        frame_put_u64(out, span->begin_ns);
        frame_put_u64(out, span->end_ns);
    }
}

static bool printable_ascii(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

static void get_spans(struct frame_reader *in, struct spans *spans)
{
    uint32_t count = frame_u32(in);
    if (count > SPANS_MAX)
        in->bad = true;
    for (uint32_t i = 0; i < count && !in->bad; i++) {
        struct span *span = &spans->list[spans->count++];
        span->lane = get_choice(in, SPAN_LANES - 1);
        frame_fixed(in, span->name, sizeof(span->name));
        span->begin_ns = frame_u64(in);
        span->end_ns = frame_u64(in);
        if (span->end_ns < span->begin_ns || !printable_ascii(span->name))
            in->bad = true;
    }
}

int note_encode(const struct note *note, void **ret, size_t *len, struct error *err)
{
    autostr struct str out = { 0 };
    frame_put_u32(&out, 0); /* the length, once it is known */
    frame_put_u8(&out, (uint8_t)note->kind);
    switch (note->kind) {
    case NOTE_PHASE:
        frame_put_text(&out, note->phase);
        break;
    case NOTE_STARTED:
        put_started(&out, &note->started);
        break;
    case NOTE_SAMPLE:
        put_sample(&out, &note->sample);
        break;
    case NOTE_PROGRESS:
        put_progress(&out, &note->progress);
        break;
    case NOTE_CHANGES:
        put_changes(&out, &note->changes);
        break;
    case NOTE_OUTCOME:
        put_outcome(&out, &note->outcome);
        break;
    case NOTE_MEASURED:
        put_measured(&out, &note->measured);
        break;
    case NOTE_SPANS:
        put_spans(&out, &note->spans);
        break;
    }
    uint32_t body = (uint32_t)(out.len - sizeof(uint32_t));
    if (body > NOTE_BYTES_MAX)
        return fail_host_as(err, EMSGSIZE, "a note of %u bytes is too long", body);
    memcpy(out.data, &body, sizeof(body));
    *len = out.len;
    *ret = str_take(&out);
    return 0;
}

int note_decode(const void *frame, size_t len, struct note *ret, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    *ret = (struct note){ .kind = get_choice(&in, NOTE_SPANS) };
    switch (ret->kind) {
    case NOTE_PHASE:
        frame_fixed(&in, ret->phase, sizeof(ret->phase));
        break;
    case NOTE_STARTED:
        get_started(&in, &ret->started);
        break;
    case NOTE_SAMPLE:
        get_sample(&in, &ret->sample);
        break;
    case NOTE_PROGRESS:
        get_progress(&in, &ret->progress);
        break;
    case NOTE_CHANGES:
        get_changes(&in, &ret->changes);
        break;
    case NOTE_OUTCOME:
        get_outcome(&in, &ret->outcome);
        break;
    case NOTE_MEASURED:
        get_measured(&in, &ret->measured);
        break;
    case NOTE_SPANS:
        get_spans(&in, &ret->spans);
        break;
    }
    if (!frame_end(&in)) {
        note_done(ret);
        return fail_host_as(err, EBADMSG, "malformed note");
    }
    return 0;
}
