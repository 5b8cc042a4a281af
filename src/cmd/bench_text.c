/* SPDX-License-Identifier: Apache-2.0 */
/* bench_text.c - a benchmark as a person reads it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmd/bench.h"
#include "ratio_words.h"
#include "run/figures.h"
#include "str.h"

/* --- colour --------------------------------------------------------------------------- */

enum shade { SHADE_LABEL, SHADE_FIGURE, SHADE_WARNING, SHADE_FAINT, SHADE_COUNT };

/* Of a terminal, and not where its owner wants none (no-color.org). */
static bool has_colour(void)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
}

static const char *shade(enum shade which)
{
    static const char *const codes[SHADE_COUNT] = { "\033[1m", "\033[1;32m", "\033[33m",
                                                    "\033[2m" };
    return has_colour() ? codes[which] : "";
}

static const char *plain(void)
{
    return has_colour() ? "\033[0m" : "";
}

/* --- one table ---------------------------------------------------------------------------- */

/* "µ" is two bytes and one column. */
static int columns_more(const char *text)
{
    int more = 0;
    for (; *text; text++)
        more += ((unsigned char)*text & 0xc0) == 0x80;
    return more;
}

static void print_cell(const char *text, int width)
{
    (void)printf("%*s", width + columns_more(text), text);
}

static const char *as_time(double value, double like, char out[FIGURE_MAX])
{
    return figure_duration(value, like, out);
}

static const char *as_memory(double value, double like, char out[FIGURE_MAX])
{
    (void)like;
    return figure_memory(value, out);
}

static const struct line {
    const char *name;
    enum bench_figure figure;
    const char *(*show)(double value, double like, char out[FIGURE_MAX]);
} lines[] = {
    { "wall", BENCH_WALL, as_time },       { "cpu", BENCH_CPU, as_time },
    { "  user", BENCH_USER, as_time },     { "  system", BENCH_SYSTEM, as_time },
    { "memory", BENCH_MEMORY, as_memory },
};

#define NAME_WIDTH   12
#define FIGURE_WIDTH 11

static void print_line(const struct line *line, struct summary summary)
{
    char text[FIGURE_MAX], spread[FIGURE_MAX + 8];
    double like = summary.median;
    (void)printf("  %-*s%s", NAME_WIDTH, line->name, shade(SHADE_FIGURE));
    print_cell(line->show(summary.median, like, text), FIGURE_WIDTH);
    (void)printf("%s", plain());
    if (summary.count > 1) {
        print_cell(line->show(summary.mean, like, text), FIGURE_WIDTH);
        (void)snprintf(spread, sizeof(spread), " ± %s", line->show(summary.stddev, like, text));
        (void)printf("%-*s", FIGURE_WIDTH + columns_more(spread), spread);
        const double rest[] = { summary.min, summary.p95, summary.max };
        for (size_t i = 0; i < COUNT(rest); i++)
            print_cell(line->show(rest[i], like, text), FIGURE_WIDTH);
    }
    (void)printf("\n");
}

static void print_head(const struct benchmark *benchmark)
{
    static const char *const names[] = { "min", "p95", "max" };
    if (benchmark->count < 2)
        return;
    (void)printf("%s  %-*s%*s%*s ± %-*s", shade(SHADE_FAINT), NAME_WIDTH, "", FIGURE_WIDTH,
                 "median", FIGURE_WIDTH, "mean", FIGURE_WIDTH - 3, "stddev");
    for (size_t i = 0; i < COUNT(names); i++)
        (void)printf("%*s", FIGURE_WIDTH, names[i]);
    (void)printf("%s\n", plain());
}

/* --- what stands below it ------------------------------------------------------------------ */

static void print_phases(const struct subject *subject)
{
    char text[FIGURE_MAX];
    (void)printf("  %-*s", NAME_WIDTH, "phases");
    for (size_t i = 0; i < BENCH_PHASES_MAX && subject->phases[i].count > 0; i++) {
        const struct bench_phase *phase = &subject->phases[i];
        double median = statistics_median(phase->values, phase->count);
        (void)printf("%s%s %s", i > 0 ? ", " : " ", phase->name, figure_duration(median, 0, text));
    }
    (void)printf("\n  %-*s made or found in %s, before the first run\n", NAME_WIDTH, "environment",
                 figure_duration(subject->prepare_seconds, 0, text));
}

static void print_counters(const struct measured *measured)
{
    char text[FIGURE_MAX];
    const char *between = " ";
    if (measured->counted == 0)
        return;
    (void)printf("  %-*s", NAME_WIDTH, "counted");
    for (enum counter i = 0; i < COUNTER_COUNT; i++) {
        if (!(measured->counted & 1U << i))
            continue;
        char name[32];
        (void)snprintf(name, sizeof(name), "%s", counter_name(i));
        for (char *c = name; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        (void)printf("%s%s %s", between, figure_count(measured->counters[i], text), name);
        between = ", ";
    }
    (void)printf("\n");
}

static void print_warnings(const struct bench *bench, const struct subject *subject)
{
    struct benchmark benchmark = subject->benchmark;
    benchmark.load = 0; /* of no script: see print_busy() */
    autolist char **warnings =
        benchmark_warnings(&benchmark, &subject->last.measured, bench->interval_ms * NS_PER_MS);
    for (char **warning = warnings; warning && *warning; warning++)
        (void)printf("  %swarning:%s %s\n", shade(SHADE_WARNING), plain(), *warning);
}

static void print_subject(const struct bench *bench, const struct subject *subject)
{
    const struct benchmark *benchmark = &subject->benchmark;
    char label[128];
    (void)printf("%s%s%s", shade(SHADE_LABEL), printable(subject->label, label, sizeof(label)),
                 plain());
    (void)printf("  %s%zu", shade(SHADE_FAINT), benchmark->count);
    if (benchmark->count < bench->runs)
        (void)printf(" of %u", bench->runs);
    (void)printf(" %s", benchmark->count == 1 && bench->runs < 2 ? "run" : "runs");
    if (bench->warmup > 0)
        (void)printf(" after %u to warm up", bench->warmup);
    (void)printf("%s\n", plain());
    print_head(benchmark);
    for (size_t i = 0; i < COUNT(lines); i++)
        print_line(&lines[i], benchmark_summary(benchmark, lines[i].figure));
    if (subject->last.outcome.end != END_CANCELLED) /* else they are of a part */
        print_counters(&subject->last.measured);
    if (bench->options->phases) {
        print_phases(subject);
        bench_print_stretches(subject);
    }
    print_warnings(bench, subject);
    (void)printf("\n");
}

/* --- several --------------------------------------------------------------------------------- */

static void print_ratio(const struct subject *one, const struct subject *against)
{
    char label[128], other[128];
    autofree char *words =
        ratio_words(printable(one->label, label, sizeof(label)),
                    printable(against->label, other, sizeof(other)), bench_ratio(one, against));
    (void)printf("%s\n", words);
}

static int by_median(const void *a, const void *b)
{
    const struct subject *const *left = a, *const *right = b;
    double one = benchmark_summary(&(*left)->benchmark, BENCH_WALL).median;
    double other = benchmark_summary(&(*right)->benchmark, BENCH_WALL).median;
    return (one > other) - (one < other);
}

/* Of more than two: the fastest first, and how much longer than it the others take. */
static void print_ranking(const struct bench *bench)
{
    autofree const struct subject **ranked = xcalloc(bench->count, sizeof(struct subject *));
    char label[128], text[FIGURE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < bench->count; i++)
        if (bench_counts(bench, &bench->subjects[i]))
            ranked[count++] = &bench->subjects[i];
    if (count < 3)
        return;
    qsort(ranked, count, sizeof(struct subject *), by_median);
    double least = benchmark_summary(&ranked[0]->benchmark, BENCH_WALL).median;
    (void)printf("%smedians of wall, the fastest first%s\n", shade(SHADE_LABEL), plain());
    for (size_t i = 0; i < count; i++) {
        double median = benchmark_summary(&ranked[i]->benchmark, BENCH_WALL).median;
        print_cell(figure_duration(median, least, text), FIGURE_WIDTH + 2);
        (void)printf("%10.2f times  %s\n", median / least,
                     printable(ranked[i]->label, label, sizeof(label)));
    }
    (void)printf("\n");
}

/* Of the machine, so once for all scripts. */
static void print_busy(const struct bench *bench)
{
    autofree char *busy = benchmark_busy(&bench->subjects[0].benchmark);
    if (busy)
        (void)printf("%swarning:%s %s\n", shade(SHADE_WARNING), plain(), busy);
}

void bench_print(const struct bench *bench)
{
    bool any = false;
    for (size_t i = 0; i < bench->count; i++)
        if (bench_counts(bench, &bench->subjects[i])) {
            print_subject(bench, &bench->subjects[i]);
            any = true;
        }
    print_ranking(bench);
    for (size_t i = 1; i < bench->count; i++)
        if (bench_counts(bench, &bench->subjects[0]) && bench_counts(bench, &bench->subjects[i]))
            print_ratio(&bench->subjects[i], &bench->subjects[0]);
    if (any)
        print_busy(bench);
}
