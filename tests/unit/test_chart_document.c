/* SPDX-License-Identifier: Apache-2.0 */
/* test_chart_document.c - what is read of a document, and what a hostile one cannot do. */
#include <errno.h>
#include <math.h>

#include "chart/curve.h"
#include "chart/document.h"
#include "chart/flame.h"
#include "chart/processes.h"
#include "str.h"
#include "unit.h"

static void read_text(const char *text, struct document *ret)
{
    struct error err = { 0 };
    assert_ok(document_read(text, strlen(text), ret, &err), &err);
}

static void missing_members_are_not_known(void **unused)
{
    (void)unused;
    struct document document;
    read_text("{\"usage\": 3, \"samples\": {}, \"runs\": [null, {}], \"exit_code\": 1e9}",
              &document);
    assert_int_equal(document.script_count, 1);
    const struct measured *measured = &document.scripts[0];
    assert_true(isnan(measured->wall_seconds) && isnan(measured->limit_memory_mb));
    assert_int_equal(measured->exit_code, -1);
    assert_int_equal(measured->sample_count + measured->run_count, 0);
    document_done(&document);
}

static void samples_that_go_back_in_time_are_left_out(void **unused)
{
    (void)unused;
    struct document document;
    read_text("{\"samples\": [{\"time_seconds\": 1}, {\"time_seconds\": 0.5}, {\"memory_mb\": 3},"
              " {\"time_seconds\": 2}, {\"time_seconds\": -4}, {\"time_seconds\": 1e300}]}",
              &document);
    assert_int_equal(document.scripts[0].sample_count, 2);
    assert_true(document.scripts[0].samples[1].time_seconds == 2);
    document_done(&document);
}

static void long_lists_are_thinned(void **unused)
{
    (void)unused;
    autostr struct str text = { 0 };
    str_puts(&text, "{\"samples\": [");
    for (unsigned i = 0; i < 3 * CHART_SAMPLES_MAX + 5; i++)
        str_printf(&text, "%s{\"time_seconds\":%u}", i ? "," : "", i + 1);
    str_puts(&text, "], \"runs\": [");
    for (unsigned i = 0; i < 2 * CHART_RUNS_MAX + 1; i++)
        str_printf(&text, "%s{\"wall_seconds\":%u}", i ? "," : "", i + 1);
    str_puts(&text, "]}");
    struct document document;
    read_text(text.data, &document);
    assert_in_range(document.scripts[0].sample_count, CHART_SAMPLES_MAX / 2, CHART_SAMPLES_MAX);
    assert_in_range(document.scripts[0].run_count, CHART_RUNS_MAX / 2, CHART_RUNS_MAX);
    document_done(&document);
}

static void labels_are_one_printable_line(void **unused)
{
    (void)unused;
    struct document document;
    read_text("{\"label\": \"a\\u001b[31m\\nb\\u202e\"}", &document);
    assert_null(strpbrk(document.scripts[0].label, "\x1b\n"));
    assert_null(strstr(document.scripts[0].label, "\u202e"));
    document_done(&document);
}

/* Two processes, each spends half of a core from 0 to 2 s; the last tenth is known by the total. */
static void cores_in_use_are_what_was_spent_per_second(void **unused)
{
    (void)unused;
    struct document document;
    read_text("{\"samples\": ["
              "{\"time_seconds\": 1, \"cpu_seconds\": 1, \"each\": ["
              "  {\"pid\": 2, \"name\": \"a\", \"cpu_seconds\": 0.5},"
              "  {\"pid\": 3, \"name\": \"b\", \"cpu_seconds\": 0.5}]},"
              "{\"time_seconds\": 2, \"cpu_seconds\": 2, \"each\": ["
              "  {\"pid\": 2, \"name\": \"a\", \"cpu_seconds\": 1.0},"
              "  {\"pid\": 3, \"name\": \"b\", \"cpu_seconds\": 1.0}]}]}",
              &document);
    const struct measured *run = &document.scripts[0];
    assert_int_equal(run->named_count, 2);
    assert_string_equal(run->named[1].name, "b");
    struct cpu_bins bins;
    cpu_bins_make(run, 4, 4, 2, &bins);
    assert_int_equal(bins.count, 2);
    for (size_t i = 0; i < bins.count; i++)
        assert_true(fabs(bins.whole[i] - 1) < 1e-9);
    assert_true(fabs(bins.each[0] - 0.5) < 1e-9 && fabs(bins.each[1] - 0.5) < 1e-9);
    cpu_bins_done(&bins);
    document_done(&document);
}

/* A parent alone, two children beside it, and the parent alone again. */
static void a_lone_process_is_the_one_the_others_came_from(void **unused)
{
    (void)unused;
    struct document document;
    read_text("{\"samples\": ["
              "{\"time_seconds\": 1, \"cpu_seconds\": 1, \"memory_mb\": 9, \"processes\": 1},"
              "{\"time_seconds\": 2, \"cpu_seconds\": 2, \"memory_mb\": 30, \"processes\": 2,"
              " \"each\": ["
              "  {\"pid\": 2, \"name\": \"a\", \"cpu_seconds\": 1.0, \"memory_mb\": 10},"
              "  {\"pid\": 3, \"name\": \"b\", \"cpu_seconds\": 1.0, \"memory_mb\": 20}]},"
              "{\"time_seconds\": 3, \"cpu_seconds\": 3, \"memory_mb\": 8, \"processes\": 1}]}",
              &document);
    const struct measured *run = &document.scripts[0];
    struct cpu_bins bins;
    cpu_bins_make(run, 3, 3, 2, &bins);
    assert_int_equal(bins.count, 3);
    const double spent[] = { 1, 0, 0, 1, 1, 0 }; /* of both, second by second */
    for (size_t i = 0; i < 6; i++)
        assert_true(fabs(bins.each[i] - spent[i]) < 1e-9);
    double row[2] = { 0 };
    curve_shares(run, 0, 2, row);
    assert_true(row[0] == 9 && row[1] == 0);
    cpu_bins_done(&bins);
    document_done(&document);
}

static void equal_stacks_are_one(void **unused)
{
    (void)unused;
    static const char text[] = "{\"frames\": [{\"stack\": [\"m\", \"f\"], \"seconds\": 1},"
                               "{\"stack\": [\"m\", \"f\"], \"seconds\": 2},"
                               "{\"stack\": [\"m\"], \"seconds\": 4},"
                               "{\"stack\": [\"m\", 7, null], \"seconds\": -1}]}";
    struct flame flame;
    struct error err = { 0 };
    assert_ok(flame_read(text, strlen(text), &flame, &err), &err);
    assert_int_equal(flame.nodes, 2);
    assert_true(flame.root.seconds == 7 && flame.root.children->seconds == 7 &&
                flame.root.children->children->seconds == 3);
    flame_done(&flame);
}

static void deep_and_many_stacks_are_bounded(void **unused)
{
    (void)unused;
    autostr struct str text = { 0 };
    str_puts(&text, "{\"frames\": [{\"seconds\": 1, \"stack\": [\"!\"");
    for (int i = 0; i < 5000; i++)
        str_puts(&text, ",\"!\"");
    str_puts(&text, "]}");
    for (int i = 0; i < FLAME_NODES_MAX + 10; i++)
        str_printf(&text, ",{\"seconds\":1,\"stack\":[\"%d\"]}", i);
    str_puts(&text, "]}");
    struct flame flame;
    struct error err = { 0 };
    assert_ok(flame_read(text.data, text.len, &flame, &err), &err);
    assert_int_equal(flame.depth, FLAME_DEPTH_MAX);
    assert_int_equal(flame.nodes, FLAME_NODES_MAX);
    assert_true(flame.cut);
    flame_done(&flame);
}

static void what_is_no_object_is_refused(void **unused)
{
    (void)unused;
    struct document document;
    struct flame flame;
    struct error err = { 0 };
    assert_true(document_read("[1]", 3, &document, &err) < 0);
    assert_non_null(strstr(err.text, "no JSON object"));
    assert_true(document_read("{", 1, &document, &err) < 0);
    assert_true(flame_read("7", 1, &flame, &err) < 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(missing_members_are_not_known),
    cmocka_unit_test(samples_that_go_back_in_time_are_left_out),
    cmocka_unit_test(long_lists_are_thinned),
    cmocka_unit_test(labels_are_one_printable_line),
    cmocka_unit_test(cores_in_use_are_what_was_spent_per_second),
    cmocka_unit_test(a_lone_process_is_the_one_the_others_came_from),
    cmocka_unit_test(equal_stacks_are_one),
    cmocka_unit_test(deep_and_many_stacks_are_bounded),
    cmocka_unit_test(what_is_no_object_is_refused),
};

UNIT_MAIN(tests)
