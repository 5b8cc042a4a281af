/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - one `cordon bench`: scripts in turns, each run a box of its own. */
#pragma once

#include <event2/event.h>
#include <json-c/json.h>
#include <stdbool.h>

#include <cordon/runner.h>

#include "cmd/profiling.h"
#include "cmd/recording.h"
#include "cmd/report.h"
#include "cmd/request.h"
#include "cmd/tracing.h"
#include "run/benchmark.h"
#include "run/capture.h"
#include "run/samples.h"

#define BENCH_PHASES_MAX 8

/* How long each run took for one part (a result's usage.phases). */
struct bench_phase {
    char name[24];
    double *values;
    size_t count;
};

/* The same of one stretch of the whole call (span.h), and when it began. */
struct bench_stretch {
    enum span_lane lane;
    char name[SPAN_NAME_MAX];
    double *at, *took; /* seconds, one of each run that has it; `at` from the run's beginning */
    size_t count;
};

/* The last run of a subject, whatever it was for. */
struct bench_last {
    char job[JOB_ID_MAX];
    struct started started;
    bool box_stood;
    struct outcome outcome;
    struct capture text[2];
    uint64_t dropped[2];
    struct changes changes;
    struct samples samples;
    struct measured measured;
};

/* One script. */
struct subject {
    const char *label; /* as it was typed */
    struct request request;
    struct launch launch; /* what every run begins as */
    struct bench_last last;
    struct benchmark benchmark;
    struct bench_phase phases[BENCH_PHASES_MAX];
    struct bench_stretch stretches[SPANS_MAX];
    size_t stretch_count;
    double prepare_seconds;     /* until its environment was there */
    struct json_object *result; /* of the last run; NULL before the first */
};

struct bench {
    const struct options *options;
    struct event_base *base;
    struct subject *subjects;
    size_t count;
    unsigned runs, warmup; /* runs: 0, as their length suggests */
    uint32_t interval_ms;
    struct report report, csv;
    struct profiling profiling;
    struct tracing tracing;
    struct recording *recording;
    int signals;
    struct event *signal_event;
    struct run *run; /* the one that runs, or NULL */
    struct subject *running;
    bool interrupted;       /* nothing more is begun */
    bool started;           /* the first box stood */
    bool waited;            /* for a slot, and that was said */
    struct subject *failed; /* its last run did not end well; or NULL */
};

/* What a run is for. */
enum bench_purpose {
    BENCH_PREPARE, /* an empty script, with the options and the environment of the subject */
    BENCH_EMPTY,   /* the same, for what it takes */
    BENCH_WARM,
    BENCH_MEASURE,
    BENCH_PROFILE, /* sampled all the while, which costs it something: no measurement */
};

/* The subject's script is read, once for all runs. A script that is not there: *no_script. */
int subject_open(const struct options *options, const char *file, uint32_t interval_ms,
                 struct subject *ret, bool *no_script, struct error *err) must_check;
void subject_close(struct subject *subject);

/* One run, from its beginning to its end; what came of it is in subject->last. A failure could
 * not even begin. */
int bench_once(struct bench *bench, struct subject *subject, enum bench_purpose purpose,
               struct error *err) must_check;

bool bench_last_went_well(const struct subject *subject);

/* It was measured, and is not what failed: its figures say what it takes. */
bool bench_counts(const struct bench *bench, const struct subject *subject);

/* The object of one subject, with all of its runs; the caller's. NULL where it has none. */
struct json_object *bench_subject_json(const struct bench *bench, const struct subject *subject);

/* The whole: the first subject's object, with `scripts` and `comparison` where there are several.
 * The caller's, or NULL. */
struct json_object *bench_json(const struct bench *bench);

/* What each run spent its time on, as --phases and --trace want it. */
void bench_take_spans(struct subject *subject, const struct spans *spans);
void bench_stretches_done(struct subject *subject);

/* Medians, a lane after the other: as text, and [{lane, name, at_seconds, seconds}] (the caller's).
 */
void bench_print_stretches(const struct subject *subject);
struct json_object *bench_stretches_json(const struct subject *subject);

/* For people, on standard output. */
void bench_print(const struct bench *bench);

/* One row per run (RFC 4180). The string is the caller's. */
struct str;
void bench_csv(const struct bench *bench, struct str *out);

/* The ratio of two subjects that both have runs: how many times as fast `one` is. */
struct ratio bench_ratio(const struct subject *one, const struct subject *against);
