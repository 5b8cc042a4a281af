/* SPDX-License-Identifier: Apache-2.0 */
/* benchmark.h - several runs of one script, and what they say together.
 *
 * A zeroed struct is an empty one.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include <cordon/measure.h>

#include "run/samples.h"
#include "statistics.h"

/* More would measure the same again. */
#define BENCH_RUNS_MAX  10000
#define BENCH_EMPTY_MAX 5

struct bench_run {
    double wall_seconds, cpu_user_seconds, cpu_system_seconds, peak_memory_mb;
    enum end end;
    int exit_code;
};

struct benchmark {
    struct bench_run *runs;
    size_t count;
    double empty_seconds[BENCH_EMPTY_MAX]; /* what an empty script took in its place */
    size_t empty_count;
    double load; /* how many others wanted to run before it began (getloadavg(3)), or 0 */
    long processors;
};

void benchmark_take(struct benchmark *benchmark, const struct outcome *outcome);
void benchmark_take_empty(struct benchmark *benchmark, double seconds);
void benchmark_done(struct benchmark *benchmark);

/* It ended by itself and says that it went well. */
bool bench_run_went_well(const struct bench_run *run);

enum bench_figure {
    BENCH_WALL,
    BENCH_CPU,
    BENCH_USER,
    BENCH_SYSTEM,
    BENCH_MEMORY,
    BENCH_FIGURES,
};

/* One figure of the runs that went well; where none did, of all. In their order; the caller's.
 * There is at least one run. */
double *benchmark_values(const struct benchmark *benchmark, enum bench_figure figure,
                         size_t *count) must_check;
struct summary benchmark_summary(const struct benchmark *benchmark, enum bench_figure figure);

/* Of a machine that was busy before anything began; NULL where it was not. The caller's. */
char *benchmark_busy(const struct benchmark *benchmark);

/* What the reader of the figures should know, a sentence each; NULL-ended, the caller's. `asked`
 * is the interval between readings that was asked for, and `measured` may be NULL. */
char **benchmark_warnings(const struct benchmark *benchmark, const struct measured *measured,
                          uint64_t asked_ns);

/* Of the last run. */
struct benchmark_last {
    const struct samples *samples;
    const struct outcome *outcome;
    const struct measured *measured; /* or NULL */
    uint64_t interval_ns;            /* as it was asked for */
    size_t samples_room;             /* see samples_json() */
};

/* Adds what a benchmark's result has more than a run's: wall_time_seconds, cpu_time_seconds and
 * peak_rss_mb (medians), samples, runs, statistics, warnings, counters, ... */
void benchmark_add_to(struct json_object *object, const struct benchmark *benchmark,
                      const struct benchmark_last *last);

/* {label, against, ratio, low, high, confidence}: how many times as fast one is as the other.
 * The caller's. */
struct json_object *comparison_json(const char *label, const char *against, struct ratio ratio);
