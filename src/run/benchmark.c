/* SPDX-License-Identifier: Apache-2.0 */
#include "run/benchmark.h"

#include "clock.h"
#include "run/figures.h"
#include "str.h"

#define MIB (1024.0 * 1024.0)

static double seconds(uint64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

void benchmark_take(struct benchmark *benchmark, const struct outcome *outcome)
{
    const struct usage *usage = &outcome->usage;
    size_t room = (benchmark->count + 1) * sizeof(*benchmark->runs);
    benchmark->runs = xrealloc(benchmark->runs, room);
    benchmark->runs[benchmark->count++] = (struct bench_run){
        .wall_seconds = seconds(usage->wall_ns),
        .cpu_user_seconds = seconds(usage->cpu_user_ns),
        .cpu_system_seconds = seconds(usage->cpu_system_ns),
        .peak_memory_mb = (double)usage->memory_peak_bytes / MIB,
        .end = outcome->end,
        .exit_code = outcome_exit_code(outcome),
    };
}

void benchmark_take_empty(struct benchmark *benchmark, double seconds_taken)
{
    if (benchmark->empty_count < COUNT(benchmark->empty_seconds))
        benchmark->empty_seconds[benchmark->empty_count++] = seconds_taken;
}

void benchmark_done(struct benchmark *benchmark)
{
    free(benchmark->runs);
    *benchmark = (struct benchmark){ 0 };
}

bool bench_run_went_well(const struct bench_run *run)
{
    return run->end == END_EXITED && run->exit_code == 0;
}

static double value_of(const struct bench_run *run, enum bench_figure figure)
{
    const double values[BENCH_FIGURES] = {
        [BENCH_WALL] = run->wall_seconds,
        [BENCH_CPU] = run->cpu_user_seconds + run->cpu_system_seconds,
        [BENCH_USER] = run->cpu_user_seconds,
        [BENCH_SYSTEM] = run->cpu_system_seconds,
        [BENCH_MEMORY] = run->peak_memory_mb,
    };
    return values[figure];
}

double *benchmark_values(const struct benchmark *benchmark, enum bench_figure figure, size_t *count)
{
    double *values = xcalloc(benchmark->count, sizeof(*values));
    *count = 0;
    for (int any = 0; any < 2 && *count == 0; any++)
        for (size_t i = 0; i < benchmark->count; i++)
            if (any || bench_run_went_well(&benchmark->runs[i]))
                values[(*count)++] = value_of(&benchmark->runs[i], figure);
    return values;
}

struct summary benchmark_summary(const struct benchmark *benchmark, enum bench_figure figure)
{
    size_t count;
    autofree double *values = benchmark_values(benchmark, figure, &count);
    return statistics_summary(values, count);
}

/* --- warnings ------------------------------------------------------------------------- */

/* Fewer readings of an empty script show nothing. */
#define EMPTY_LEAST 3

/* Without any: a run this short may be little more than the start of the interpreter. */
#define SHORT_RUN_S 0.02

/* A drift below this share of the median is nobody's concern. */
#define DRIFT_SHARE 0.03

/* One reading that was disturbed makes neither true. */
static void warn_of_the_start(const struct benchmark *benchmark, struct summary runs, char ***list)
{
    char least[FIGURE_MAX], most[FIGURE_MAX], all[FIGURE_MAX];
    if (benchmark->empty_count == 0 && runs.median < SHORT_RUN_S)
        list_add_owned(list, xasprintf("%s is short: much of it may be the start of the "
                                       "interpreter",
                                       figure_duration(runs.median, 0, all)));
    if (benchmark->empty_count < EMPTY_LEAST)
        return;
    struct summary empty = statistics_summary(benchmark->empty_seconds, benchmark->empty_count);
    (void)figure_duration(empty.min, runs.median, least);
    (void)figure_duration(empty.max, runs.median, most);
    (void)figure_duration(runs.median, 0, all);
    if (empty.median >= runs.min && empty.max >= runs.median)
        list_add_owned(list, xasprintf("it cannot be told apart from an empty script, which takes "
                                       "%s to %s: what is measured is the start of the interpreter",
                                       least, most));
    else if (empty.min > runs.median / 2)
        list_add_owned(list, xasprintf("an empty script takes %s to %s, and this one %s: most of "
                                       "it is the start of the interpreter",
                                       least, most, all));
}

static void warn_of_outliers(const double *values, size_t count, char ***list)
{
    char first[FIGURE_MAX];
    size_t outliers = statistics_outliers(values, count);
    if (count > 2 && statistics_robust_score(values, count, values[0]) > OUTLIER_SCORE) {
        outliers--;
        list_add_owned(list, xasprintf("the first run was much slower than the others (%s), as "
                                       "with caches that were cold: --warmup 3 leaves that out",
                                       figure_duration(values[0], 0, first)));
    }
    if (outliers > 0)
        list_add_owned(list, xasprintf("%zu of %zu runs took a very different time: other work on "
                                       "this machine disturbed them, or the script does not "
                                       "always do the same",
                                       outliers, count));
}

static void warn_of_drift(const double *values, size_t count, double median, char ***list)
{
    size_t third = count / 3;
    if (!statistics_drifts(values, count))
        return;
    double first = statistics_median(values, third);
    double last = statistics_median(values + count - third, third);
    double change = last - first;
    if (change > DRIFT_SHARE * median || -change > DRIFT_SHARE * median)
        list_add_owned(list, xasprintf("the runs became %s as they went on, by about %.0f %%: the "
                                       "machine is not in a steady state",
                                       change > 0 ? "slower" : "faster",
                                       100 * (change > 0 ? change : -change) / first));
}

char *benchmark_busy(const struct benchmark *benchmark)
{
    if (benchmark->load <= (double)benchmark->processors)
        return NULL;
    return xasprintf("the machine was busy with other work: %.1f wanted to run on %ld processor%s",
                     benchmark->load, benchmark->processors, benchmark->processors == 1 ? "" : "s");
}

char **benchmark_warnings(const struct benchmark *benchmark, const struct measured *measured,
                          uint64_t asked_ns)
{
    char **list = NULL;
    char asked[FIGURE_MAX], taken[FIGURE_MAX];
    size_t count;
    autofree double *values = benchmark_values(benchmark, BENCH_WALL, &count);
    double median = statistics_median(values, count);
    warn_of_the_start(benchmark, statistics_summary(values, count), &list);
    warn_of_outliers(values, count, &list);
    warn_of_drift(values, count, median, &list);
    char *busy = benchmark_busy(benchmark);
    if (busy)
        list_add_owned(&list, busy);
    if (measured && measured->interval_ns > asked_ns)
        list_add_owned(&list, xasprintf("readings every %s would have cost more than they may, or "
                                        "the machine was too busy for them: they were taken about "
                                        "every %s",
                                        figure_duration(seconds(asked_ns), 0, asked),
                                        figure_duration(seconds(measured->interval_ns), 0, taken)));
    return list;
}

/* --- as JSON ---------------------------------------------------------------------------- */

static struct json_object *run_json(const struct bench_run *run)
{
    struct json_object *row = json_object_new_object();
    json_object_object_add(row, "wall_seconds", figure_number(run->wall_seconds));
    json_object_object_add(row, "cpu_user_seconds", figure_number(run->cpu_user_seconds));
    json_object_object_add(row, "cpu_system_seconds", figure_number(run->cpu_system_seconds));
    json_object_object_add(row, "peak_memory_mb", figure_number(run->peak_memory_mb));
    json_object_object_add(row, "end", json_object_new_string(end_name(run->end)));
    json_object_object_add(row, "exit_code", json_object_new_int(run->exit_code));
    return row;
}

static struct json_object *summary_json(struct summary summary)
{
    const struct {
        const char *name;
        double value;
    } members[] = {
        { "min", summary.min },       { "mean", summary.mean }, { "median", summary.median },
        { "stddev", summary.stddev }, { "p95", summary.p95 },   { "max", summary.max },
    };
    struct json_object *object = json_object_new_object();
    for (size_t i = 0; i < COUNT(members); i++)
        json_object_object_add(object, members[i].name, figure_number(members[i].value));
    return object;
}

static struct json_object *statistics_json(const struct benchmark *benchmark)
{
    static const char *const names[BENCH_FIGURES] = {
        [BENCH_WALL] = "wall_seconds",     [BENCH_CPU] = "cpu_seconds",
        [BENCH_USER] = "cpu_user_seconds", [BENCH_SYSTEM] = "cpu_system_seconds",
        [BENCH_MEMORY] = "peak_memory_mb",
    };
    struct json_object *object = json_object_new_object();
    for (enum bench_figure i = 0; i < BENCH_FIGURES; i++)
        json_object_object_add(object, names[i], summary_json(benchmark_summary(benchmark, i)));
    return object;
}

static void add_counters(struct json_object *object, const struct measured *measured)
{
    struct json_object *counters = json_object_new_object();
    for (enum counter i = 0; i < COUNTER_COUNT; i++)
        if (measured->counted & 1U << i)
            json_object_object_add(counters, counter_name(i),
                                   json_object_new_uint64(measured->counters[i]));
    json_object_object_add(object, "counters", counters);
    if (measured->missing[0])
        json_object_object_add(object, "counters_missing",
                               json_object_new_string(measured->missing));
    json_object_object_add(object, "sample_interval_seconds",
                           figure_seconds(measured->interval_ns));
    json_object_object_add(object, "sampling_cpu_seconds",
                           figure_seconds(measured->sampling_cpu_ns));
}

void benchmark_add_to(struct json_object *object, const struct benchmark *benchmark,
                      const struct benchmark_last *last)
{
    autolist char **warnings = benchmark_warnings(benchmark, last->measured, last->interval_ns);
    struct json_object *runs = json_object_new_array(), *said = json_object_new_array();
    for (size_t i = 0; i < benchmark->count; i++)
        json_object_array_add(runs, run_json(&benchmark->runs[i]));
    for (char **warning = warnings; warning && *warning; warning++)
        json_object_array_add(said, json_object_new_string(*warning));
    const struct {
        const char *name;
        enum bench_figure figure;
    } medians[] = {
        { "wall_time_seconds", BENCH_WALL },
        { "cpu_time_seconds", BENCH_CPU },
        { "peak_rss_mb", BENCH_MEMORY },
    };
    for (size_t i = 0; i < COUNT(medians); i++)
        json_object_object_add(object, medians[i].name,
                               figure_number(
                                   benchmark_summary(benchmark, medians[i].figure).median));
    json_object_object_add(object, "samples",
                           samples_json(last->samples, last->outcome, last->samples_room));
    json_object_object_add(object, "runs", runs);
    json_object_object_add(object, "statistics", statistics_json(benchmark));
    json_object_object_add(object, "warnings", said);
    if (last->measured)
        add_counters(object, last->measured);
}

struct json_object *comparison_json(const char *label, const char *against, struct ratio ratio)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "label", json_object_new_string(label));
    json_object_object_add(object, "against", json_object_new_string(against));
    json_object_object_add(object, "ratio", figure_number(ratio.ratio));
    json_object_object_add(object, "low", ratio.bounded ? figure_number(ratio.low) : NULL);
    json_object_object_add(object, "high", ratio.bounded ? figure_number(ratio.high) : NULL);
    json_object_object_add(object, "confidence", figure_number(RATIO_CONFIDENCE));
    return object;
}
