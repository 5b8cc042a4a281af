/* SPDX-License-Identifier: Apache-2.0 */
/* bench_result.c - a benchmark for programs: JSON, and rows for a spreadsheet. */
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "cmd/bench.h"
#include "run/capture.h"
#include "run/figures.h"
#include "run/result.h"
#include "str.h"

/* --- JSON ------------------------------------------------------------------------------- */

struct json_object *bench_subject_json(const struct bench *bench, const struct subject *subject)
{
    if (!subject->result)
        return NULL;
    const struct benchmark_last last = {
        .samples = &subject->last.samples,
        .outcome = &subject->last.outcome,
        .measured = &subject->last.measured,
        .interval_ns = bench->interval_ms * NS_PER_MS,
        .samples_room = SIZE_MAX,
    };
    struct json_object *object = json_object_get(subject->result);
    autofree char *label = text_label(subject->label);
    json_object_object_add(object, "label", json_object_new_string(label));
    if (subject->benchmark.count > 0)
        benchmark_add_to(object, &subject->benchmark, &last);
    if (bench->options->phases)
        json_object_object_add(object, "phases", bench_stretches_json(subject));
    if (subject == bench->failed) /* what it takes is not what these took */
        json_object_object_del(object, "statistics");
    return object;
}

struct ratio bench_ratio(const struct subject *one, const struct subject *against)
{
    size_t counts[2];
    autofree double *own = benchmark_values(&one->benchmark, BENCH_WALL, &counts[0]);
    autofree double *others = benchmark_values(&against->benchmark, BENCH_WALL, &counts[1]);
    return statistics_ratio(others, counts[1], own, counts[0]);
}

static struct json_object *comparisons(const struct bench *bench)
{
    const struct subject *first = &bench->subjects[0];
    struct json_object *list = json_object_new_array();
    for (size_t i = 1; i < bench->count; i++) {
        const struct subject *other = &bench->subjects[i];
        if (!bench_counts(bench, other) || !bench_counts(bench, first))
            continue;
        autofree char *label = text_label(other->label), *against = text_label(first->label);
        json_object_array_add(list, comparison_json(label, against, bench_ratio(other, first)));
    }
    return list;
}

struct json_object *bench_json(const struct bench *bench)
{
    struct json_object *root = bench_subject_json(bench, &bench->subjects[0]);
    if (!root || bench->count < 2)
        return root;
    struct json_object *scripts = json_object_new_array(), *first = NULL;
    if (json_object_deep_copy(root, &first, NULL) == 0)
        json_object_array_add(scripts, first);
    for (size_t i = 1; i < bench->count; i++) {
        const struct subject *subject = &bench->subjects[i];
        /* Else there is nothing but the empty script that ran in its place. */
        struct json_object *other =
            subject->benchmark.count > 0 ? bench_subject_json(bench, subject) : NULL;
        if (other)
            json_object_array_add(scripts, other);
    }
    json_object_object_add(root, "scripts", scripts);
    json_object_object_add(root, "comparison", comparisons(bench));
    return root;
}

/* --- CSV ---------------------------------------------------------------------------------- */

/* RFC 4180. A spreadsheet takes a cell that begins so for a formula: an apostrophe makes it the
 * text that it is. */
static void add_cell(struct str *out, const char *text)
{
    str_putc(out, '"');
    if (*text && strchr("=+-@\t\r\n", *text))
        str_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            str_putc(out, '"');
        str_putc(out, *text);
    }
    str_putc(out, '"');
}

void bench_csv(const struct bench *bench, struct str *out)
{
    str_puts(out, "script,run,wall_seconds,cpu_user_seconds,cpu_system_seconds,peak_memory_mb,end,"
                  "exit_code\r\n");
    for (size_t i = 0; i < bench->count; i++)
        for (size_t j = 0; j < bench->subjects[i].benchmark.count; j++) {
            const struct bench_run *run = &bench->subjects[i].benchmark.runs[j];
            add_cell(out, bench->subjects[i].label);
            str_printf(out, ",%zu,%.9g,%.9g,%.9g,%.6f,%s,%d\r\n", j + 1, run->wall_seconds,
                       run->cpu_user_seconds, run->cpu_system_seconds, run->peak_memory_mb,
                       end_name(run->end), run->exit_code);
        }
}
