/* SPDX-License-Identifier: Apache-2.0 */
/* test_benchmark.c - what several runs say together, and how it is written down. */
#include "clock.h"
#include "cmd/bench.h"
#include "ratio_words.h"
#include "run/figures.h"
#include "run/result.h"
#include "str.h"
#include "unit.h"

static struct outcome outcome_of(uint64_t wall_ms, enum end end, int code)
{
    return (struct outcome){ .end = end,
                             .code = code,
                             .usage = { .wall_ns = wall_ms * NS_PER_MS,
                                        .cpu_user_ns = wall_ms * NS_PER_MS / 2,
                                        .memory_peak_bytes = 10 << 20 } };
}

static void take(struct benchmark *benchmark, uint64_t wall_ms, enum end end, int code)
{
    const struct outcome outcome = outcome_of(wall_ms, end, code);
    benchmark_take(benchmark, &outcome);
}

static void figures_have_three_digits_and_a_unit(void **state)
{
    (void)state;
    static const struct {
        double value, like;
        const char *text;
    } rows[] = {
        { 1.5, 0, "1.500 s" },     { 0.0123, 0, "12.3 ms" },
        { 0.00123, 0, "1.23 ms" }, { 85e-6, 0, "85.0 µs" },
        { 0.00042, 0.2, "0 ms" },  { 0.0004, 0.0123, "0.4 ms" },
        { 0, 0, "0 s" },           { 0, 0.005, "0.00 ms" },
        { 0.9999, 0, "1000 ms" },  { 123.4567, 0, "123.457 s" },
    };
    char text[FIGURE_MAX];
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(figure_duration(rows[i].value, rows[i].like, text), rows[i].text);
    assert_string_equal(figure_count(456, text), "456");
    assert_string_equal(figure_count(12300, text), "12.3 k");
    assert_string_equal(figure_count(1234567890, text), "1.23 G");
    assert_string_equal(figure_memory(9.84, text), "9.8 MB");
}

static void runs_that_failed_count_only_where_there_are_no_others(void **state)
{
    (void)state;
    struct benchmark benchmark = { 0 };
    take(&benchmark, 500, END_WALL, 0);
    assert_int_equal((int)(benchmark_summary(&benchmark, BENCH_WALL).median * 1000 + .5), 500);
    take(&benchmark, 100, END_EXITED, 0);
    take(&benchmark, 900, END_EXITED, 1);
    struct summary summary = benchmark_summary(&benchmark, BENCH_WALL);
    assert_int_equal(summary.count, 1);
    assert_int_equal((int)(summary.max * 1000 + .5), 100);
    benchmark_done(&benchmark);
}

static bool warned(const struct benchmark *benchmark, const struct measured *measured,
                   const char *words)
{
    autolist char **warnings = benchmark_warnings(benchmark, measured, NS_PER_MS);
    bool found = false;
    for (char **warning = warnings; warning && *warning; warning++)
        found |= strstr(*warning, words) != NULL;
    return found;
}

static void what_disturbs_is_said(void **state)
{
    (void)state;
    static const uint64_t steady[] = { 100, 101, 99, 100, 102, 98, 101, 99, 100, 103 };
    static const uint64_t rising[] = { 100, 103, 106, 109, 112, 115, 118, 121, 124, 127 };
    struct benchmark quiet = { 0 }, loud = { 0 }, cold = { 0 }, drifting = { 0 };
    take(&cold, 300, END_EXITED, 0);
    for (size_t i = 0; i < COUNT(steady); i++) {
        take(&quiet, steady[i], END_EXITED, 0);
        take(&loud, i == 4 ? 300 : steady[i], END_EXITED, 0);
        take(&cold, steady[i], END_EXITED, 0);
        take(&drifting, rising[i], END_EXITED, 0);
    }
    assert_null(benchmark_warnings(&quiet, NULL, 0));
    assert_true(warned(&loud, NULL, "1 of 10 runs"));
    assert_true(warned(&cold, NULL, "the first run was much slower"));
    assert_false(warned(&cold, NULL, "of 11 runs"));
    assert_true(warned(&drifting, NULL, "slower as they went on"));
    quiet.processors = 2;
    quiet.load = 2;
    assert_null(benchmark_warnings(&quiet, NULL, 0));
    quiet.load = 2.1;
    assert_true(warned(&quiet, NULL, "busy"));
    static const struct {
        double least;
        const char *words; /* or nothing is said */
    } empties[] = {
        { 0.04, NULL },
        { 0.049, NULL }, /* one of them is less than half */
        { 0.06, "takes 60 ms to 64 ms, and this one 100 ms" },
        { 0.098, "cannot be told apart" },
    };
    for (size_t i = 0; i < COUNT(empties); i++) {
        quiet.empty_count = 0;
        benchmark_take_empty(&quiet, empties[i].least);
        benchmark_take_empty(&quiet, empties[i].least);
        assert_false(warned(&quiet, NULL, "empty script")); /* of two readings */
        benchmark_take_empty(&quiet, empties[i].least + 0.004);
        assert_true(warned(&quiet, NULL, "empty script") == (empties[i].words != NULL));
        assert_true(!empties[i].words || warned(&quiet, NULL, empties[i].words));
    }
    const struct measured stretched = { .interval_ns = 3 * NS_PER_MS };
    assert_true(warned(&quiet, &stretched, "about every 3.00 ms"));
    benchmark_done(&quiet);
    benchmark_done(&loud);
    benchmark_done(&cold);
    benchmark_done(&drifting);
}

static void sample(struct samples *samples, uint64_t ms, uint32_t processes)
{
    struct sample one = { .usage = { .wall_ns = ms * NS_PER_MS,
                                     .cpu_user_ns = ms * NS_PER_MS,
                                     .memory_peak_bytes = ms << 20,
                                     .pids_peak = processes } };
    one.each_count = processes > 1 ? processes : 0;
    for (uint32_t i = 0; i < one.each_count; i++)
        one.each[i] = (struct sample_process){ .pid = i + 2, .name = "a\n\xff\x1b[2J" };
    samples_take(samples, &one);
}

static struct json_object *at(struct json_object *list, size_t i, const char *name)
{
    struct json_object *value = NULL;
    (void)json_object_object_get_ex(json_object_array_get_idx(list, i), name, &value);
    return value;
}

static void readings_end_with_the_end(void **state)
{
    (void)state;
    struct samples samples = { 0 };
    const struct outcome outcome = outcome_of(100, END_EXITED, 0);
    struct json_object *list = samples_json(&samples, &outcome, SIZE_MAX);
    assert_int_equal(json_object_array_length(list), 1);
    assert_true(json_object_get_double(at(list, 0, "time_seconds")) == 0.1);
    assert_true(json_object_get_double(at(list, 0, "memory_mb")) == 10);
    json_object_put(list);

    sample(&samples, 0, 1);
    sample(&samples, 50, 3);
    list = samples_json(&samples, &outcome, SIZE_MAX);
    assert_int_equal(json_object_array_length(list), 3);
    assert_null(at(list, 0, "each"));
    assert_int_equal(json_object_array_length(at(list, 1, "each")), 3);
    /* What was read is no more than what was used in all. */
    assert_true(json_object_get_double(at(list, 1, "cpu_seconds")) == 0.05);
    assert_true(json_object_get_double(at(list, 1, "memory_mb")) == 10);
    assert_true(json_object_get_double(at(list, 2, "cpu_seconds")) == 0.05);
    const char *name = json_object_get_string(at(at(list, 1, "each"), 0, "name"));
    assert_string_equal(name, "a???[2J");
    json_object_put(list);
    samples_done(&samples);
}

static void readings_fit_into_a_reply(void **state)
{
    (void)state;
    struct samples samples = { 0 };
    for (uint64_t i = 0; i < 3 * SAMPLES_MAX; i++)
        sample(&samples, i, 16);
    assert_true(samples.count <= SAMPLES_MAX);
    const struct outcome outcome = outcome_of(3 * SAMPLES_MAX, END_EXITED, 0);
    struct json_object *list = samples_json(&samples, &outcome, REPLY_SAMPLES_ROOM);
    assert_true(result_cost(list) <= REPLY_SAMPLES_ROOM);
    assert_true(json_object_array_length(list) > 8);
    json_object_put(list);
    samples_done(&samples);
}

static void processes_of_a_reading_that_is_dropped_are_kept(void **state)
{
    (void)state;
    struct samples samples = { 0 };
    for (uint64_t i = 0; i < 8 * SAMPLES_MAX; i++)
        sample(&samples, i, i % 100 == 99 ? 2 : 1);
    size_t with = 0;
    for (size_t i = 0; i < samples.count; i++)
        with += samples.list[i].each_count == 2;
    assert_true(with >= 8 * SAMPLES_MAX / 100 - 1);
    samples_done(&samples);
}

static void a_comparison_begins_with_the_faster_one(void **state)
{
    (void)state;
    const struct {
        struct ratio ratio;
        const char *words;
    } rows[] = {
        { { 0.5, true, 0.4, 0.8 }, "b is 2.00 times as fast as a (95 % interval 1.25 to 2.50)" },
        { { 2, true, 1.25, 2.5 }, "a is 2.00 times as fast as b (95 % interval 1.25 to 2.50)" },
        { { 0.9, true, 0.8, 1.1 },
          "no difference between a and b could be shown (95 % interval 0.80 to 1.10 times as "
          "fast)" },
        { { 0.5, false, 0, 0 }, "b is 2.00 times as fast as a, in one run: that may be chance" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autofree char *words = ratio_words("a", "b", rows[i].ratio);
        assert_string_equal(words, rows[i].words);
    }
}

static void a_row_of_a_spreadsheet_is_no_formula(void **state)
{
    (void)state;
    struct subject subjects[] = { { .label = "=1+\"1\",a\nb" }, { .label = "dir/b.py" } };
    struct bench bench = { .subjects = subjects, .count = 2 };
    take(&subjects[0].benchmark, 250, END_EXITED, 0);
    take(&subjects[1].benchmark, 1, END_WALL, 0);
    autostr struct str out = { 0 };
    bench_csv(&bench, &out);
    assert_string_equal(out.data, "script,run,wall_seconds,cpu_user_seconds,cpu_system_seconds,"
                                  "peak_memory_mb,end,exit_code\r\n"
                                  "\"'=1+\"\"1\"\",a\nb\",1,0.25,0.125,0,10.000000,exited,0\r\n"
                                  "\"dir/b.py\",1,0.001,0.0005,0,10.000000,wall,124\r\n");
    for (size_t i = 0; i < COUNT(subjects); i++)
        benchmark_done(&subjects[i].benchmark);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(figures_have_three_digits_and_a_unit),
    cmocka_unit_test(runs_that_failed_count_only_where_there_are_no_others),
    cmocka_unit_test(what_disturbs_is_said),
    cmocka_unit_test(readings_end_with_the_end),
    cmocka_unit_test(readings_fit_into_a_reply),
    cmocka_unit_test(processes_of_a_reading_that_is_dropped_are_kept),
    cmocka_unit_test(a_comparison_begins_with_the_faster_one),
    cmocka_unit_test(a_row_of_a_spreadsheet_is_no_formula),
};

UNIT_MAIN(tests)
