/* SPDX-License-Identifier: Apache-2.0 */
/* bench_run.c - one run of a benchmark. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmd/bench.h"
#include "cmd/command.h"
#include "cmd/timezone.h"
#include "cmd/trusted.h"
#include "fd.h"
#include "job/record.h"
#include "run/result.h"
#include "str.h"

/* --- the script --------------------------------------------------------------------------- */

/* A script of --compare has the options and the arguments of the first one. */
static struct options options_for(const struct options *options, const char *file, char ***words)
{
    struct options ret = *options;
    if (!file)
        return ret;
    list_add(words, file);
    for (char *const *word = options->words + !options->code; *word; word++)
        list_add(words, *word);
    ret.code = NULL;
    ret.words = *words;
    ret.closed = true; /* what there is to say about them is said of the first */
    return ret;
}

int subject_open(const struct options *options, const char *file, uint32_t interval_ms,
                 struct subject *ret, bool *no_script, struct error *err)
{
    autolist char **words = NULL;
    const struct options own = options_for(options, file, &words);
    *ret = (struct subject){ .label = file ? file : options->code ? "-c" : options->words[0] };
    if (file || getloadavg(&ret->benchmark.load, 1) < 1)
        ret->benchmark.load = 0; /* once is enough to say it */
    ret->benchmark.processors = sysconf(_SC_NPROCESSORS_ONLN);
    launch_init(&ret->launch);
    int r = request_make(&own, true, &ret->request, no_script, err);
    if (r < 0)
        return r;
    ret->request.spec.sample_ms = interval_ms;
    r = launch_from_spec(&ret->request.spec, &ret->launch, err);
    if (r == 0)
        ret->launch.zone = timezone_name();
    if (r == 0)
        (void)snprintf(ret->launch.tool, sizeof(ret->launch.tool), TOOL_BENCH);
    return r;
}

static void last_done(struct bench_last *last)
{
    started_done(&last->started);
    capture_done(&last->text[0]);
    capture_done(&last->text[1]);
    changes_done(&last->changes);
    samples_done(&last->samples);
    *last = (struct bench_last){ 0 };
}

void subject_close(struct subject *subject)
{
    last_done(&subject->last);
    request_done(&subject->request);
    launch_done(&subject->launch);
    benchmark_done(&subject->benchmark);
    for (size_t i = 0; i < BENCH_PHASES_MAX; i++)
        free(subject->phases[i].values);
    bench_stretches_done(subject);
    json_object_put(subject->result);
}

/* --- the order ------------------------------------------------------------------------------ */

/* An empty script in place of the real one: its environment is made, and what it takes is what
 * any script takes here. */
static int make_empty(struct launch *launch, struct error *err)
{
    int fd = memfd_sealed("script", "", 0, err);
    if (fd < 0)
        return fd;
    own_close(&launch->fds[FD_SCRIPT]);
    launch->fds[FD_SCRIPT] = fd;
    free(TAKE(&launch->script_path));
    launch->sample_ms = 0;
    return 0;
}

/* --- what comes back --------------------------------------------------------------------- */

struct turn {
    struct run_sink sink; /* first: the callbacks get a pointer to it */
    struct bench *bench;
    struct bench_last *last;
};

/* Before the first run: what comes later is within the job. Said once. */
static void take_waiting(struct bench *bench)
{
    if (!bench->started)
        recording_note(bench->recording,
                       &(const struct note){ .kind = NOTE_PHASE, .phase = PHASE_WAITING });
    if (!bench->waited && !bench->options->quiet)
        complain("%s", PHASE_WAITING);
    bench->waited = true;
}

static void take_started(struct bench *bench)
{
    if (!bench->started)
        recording_note(bench->recording, &(const struct note){ .kind = NOTE_STARTED });
    bench->started = true;
}

static void take_note(struct run_sink *sink, struct note *note)
{
    struct bench *bench = ((struct turn *)(void *)sink)->bench;
    struct bench_last *last = ((struct turn *)(void *)sink)->last;
    if (note->kind == NOTE_PHASE && strcmp(note->phase, PHASE_WAITING) == 0)
        take_waiting(bench);
    if (note->kind == NOTE_STARTED)
        take_started(bench);
    if (note->kind == NOTE_CHANGES)
        changes_join(&last->changes, &note->changes);
    if (note->kind == NOTE_SAMPLE)
        samples_take(&last->samples, &note->sample);
    if (note->kind == NOTE_SPANS)
        spans_join(&bench->tracing.spans, &note->spans);
    if (note->kind == NOTE_MEASURED)
        last->measured = note->measured;
    if (note->kind != NOTE_STARTED || last->box_stood)
        return;
    last->box_stood = true;
    last->started = note->started;
    note->started = (struct started){ 0 };
}

static void take_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct bench_last *last = ((struct turn *)(void *)sink)->last;
    capture_add(&last->text[stream - 1], bytes, len);
}

static void take_end(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct turn *turn = (struct turn *)(void *)sink;
    turn->last->outcome = *outcome;
    turn->last->dropped[0] = dropped[0];
    turn->last->dropped[1] = dropped[1];
    turn->bench->run = NULL;
    (void)event_base_loopbreak(turn->bench->base);
}

static struct json_object *result_of(const struct bench *bench, const struct subject *subject,
                                     uint64_t elapsed_ns)
{
    const struct bench_last *last = &subject->last;
    const struct result_input input = {
        .job = bench->recording ? bench->subjects[0].launch.job : last->job,
        .started = last->box_stood ? &last->started : NULL,
        .outcome = &last->outcome,
        .output = { &last->text[0], &last->text[1] },
        .dropped = { last->dropped[0], last->dropped[1] },
        .changes = &last->changes,
        .changes_room = SIZE_MAX,
        .elapsed_ns = elapsed_ns,
        .policy = bench->options->policy ? bench->options->policy : "default",
        .use_uv = !bench->options->no_uv,
    };
    return result_build(&input);
}

static struct bench_phase *phase_named(struct subject *subject, const char *name)
{
    for (size_t i = 0; i < BENCH_PHASES_MAX; i++) {
        struct bench_phase *phase = &subject->phases[i];
        if (!phase->name[0])
            (void)snprintf(phase->name, sizeof(phase->name), "%s", name);
        if (strcmp(phase->name, name) == 0)
            return phase;
    }
    return NULL;
}

static struct json_object *phases_of(struct json_object *result)
{
    struct json_object *usage = NULL, *phases = NULL;
    if (!json_object_object_get_ex(result, "usage", &usage) ||
        !json_object_object_get_ex(usage, "phases", &phases))
        return NULL;
    return phases;
}

static void take_phases(struct subject *subject)
{
    struct json_object *phases = phases_of(subject->result);
    if (!phases)
        return;
    json_object_object_foreach(phases, name, value)
    {
        struct bench_phase *phase = phase_named(subject, name);
        if (!phase || !json_object_is_type(value, json_type_double))
            continue;
        phase->values = xrealloc(phase->values, (phase->count + 1) * sizeof(*phase->values));
        phase->values[phase->count++] = json_object_get_double(value);
    }
}

/* --- one run ---------------------------------------------------------------------------------- */

bool bench_last_went_well(const struct subject *subject)
{
    const struct outcome *outcome = &subject->last.outcome;
    return outcome->end == END_EXITED && outcome->code == 0;
}

bool bench_counts(const struct bench *bench, const struct subject *subject)
{
    return subject->benchmark.count > 0 && subject != bench->failed;
}

static int submit(struct bench *bench, struct turn *turn, struct launch *launch, pid_t *sandbox,
                  struct error *err)
{
    autoclose int channel = -1;
    memcpy(turn->last->job, launch->job, sizeof(turn->last->job));
    *sandbox = sandbox_start("run", bench->options, &channel, err);
    if (*sandbox < 0) {
        launch_done(launch);
        return *sandbox;
    }
    tracing_mark_start(&bench->tracing, "start cordon-sandbox");
    int r = run_submit(bench->base, channel, launch, -1, &turn->sink, &bench->run, err);
    tracing_mark(&bench->tracing, "send");
    return r;
}

static void take_empty(struct subject *subject, enum bench_purpose purpose)
{
    const struct bench_last *last = &subject->last;
    if (subject->prepare_seconds <= 0)
        subject->prepare_seconds = (double)last->started.prepare_ns / (double)NS_PER_S;
    if (purpose == BENCH_EMPTY && bench_last_went_well(subject))
        benchmark_take_empty(&subject->benchmark,
                             (double)last->outcome.usage.wall_ns / (double)NS_PER_S);
}

int bench_once(struct bench *bench, struct subject *subject, enum bench_purpose purpose,
               struct error *err)
{
    struct turn turn = { .sink = { take_note, take_output, take_end },
                         .bench = bench,
                         .last = &subject->last };
    struct launch launch, names;
    pid_t sandbox = -1;
    uint64_t begun = now_ns();
    tracing_next(&bench->tracing);
    last_done(&subject->last);
    int r = launch_again(&subject->launch, &launch, err);
    bool empty = purpose == BENCH_PREPARE || purpose == BENCH_EMPTY;
    if (r == 0 && empty)
        r = make_empty(&launch, err);
    if (r == 0 && purpose == BENCH_PROFILE)
        r = profiling_begin(&bench->profiling, bench->base, &launch, err);
    if (r < 0) {
        launch_done(&launch);
        return r;
    }
    subject->launch.refresh = false; /* once is enough */
    launch.timed = purpose == BENCH_MEASURE && (bench->options->phases || bench->options->trace);
    launch_names(&launch, &names);
    tracing_mark(&bench->tracing, "order");
    r = submit(bench, &turn, &launch, &sandbox, err);
    if (r == 0)
        (void)event_base_dispatch(bench->base);
    tracing_mark(&bench->tracing, "await the end");
    const struct outcome *outcome = &subject->last.outcome;
    bool died = r == 0 && outcome->end == END_FAULT && outcome->error.code == EPIPE;
    sandbox_await(sandbox, bench->options, died ? &names : NULL);
    launch_done(&names);
    tracing_mark(&bench->tracing, "await cordon-sandbox");
    profiling_end(&bench->profiling);
    if (r < 0)
        return r;
    json_object_put(subject->result);
    subject->result = result_of(bench, subject, now_ns() - begun);
    if (empty)
        take_empty(subject, purpose);
    /* What was interrupted is no measurement. */
    if (purpose == BENCH_MEASURE && outcome->end != END_CANCELLED && subject->last.box_stood) {
        benchmark_take(&subject->benchmark, outcome);
        take_phases(subject);
        tracing_end(&bench->tracing, subject->label);
        bench_take_spans(subject, &bench->tracing.spans);
    }
    return 0;
}
