/* SPDX-License-Identifier: Apache-2.0 */
/* test_chart_axis.c - ticks stand at round numbers, and figures read like a person's. */
#include <math.h>
#include <stdio.h>

#include "chart/axis.h"
#include "chart/spread.h"
#include "unit.h"

static void ticks_are_round_whatever_the_range(void **unused)
{
    (void)unused;
    static const double ranges[][2] = { { 0, 1.83 },
                                        { 0, 3.5e-7 },
                                        { 0, 3612 },
                                        { 0, 1e12 },
                                        { 0, 0 },
                                        { 5, 5 },
                                        { -3, 2 },
                                        { 7, 1 },
                                        { 1e11, 1e11 + 1 },
                                        { 0.499, 0.512 },
                                        { UNKNOWN, UNKNOWN },
                                        { 0, (double)INFINITY } };
    for (size_t i = 0; i < COUNT(ranges); i++)
        for (enum quantity quantity = QUANTITY_TIME; quantity <= QUANTITY_PLAIN; quantity++) {
            struct axis axis = axis_make(quantity, ranges[i][0], ranges[i][1], 6);
            assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
            double step = axis.step / axis.unit, power = pow(10, round(log10(step) - 0.4));
            double lead = step / power;
            assert_true(fabs(lead - 1) < 0.01 || fabs(lead - 2) < 0.01 || fabs(lead - 5) < 0.01);
            struct tick tick;
            size_t count = 0;
            while (axis_tick(&axis, count, &tick))
                count++;
            assert_in_range(count, 1, 20);
        }
}

static void figures_read_like_a_persons(void **unused)
{
    (void)unused;
    static const struct {
        enum quantity quantity;
        double value;
        const char *shown;
    } rows[] = {
        { QUANTITY_TIME, 3.5e-7, "350 ns" }, { QUANTITY_TIME, 0.0123, "12.3 ms" },
        { QUANTITY_TIME, 0.9999, "1 s" },    { QUANTITY_TIME, 1.83, "1.83 s" },
        { QUANTITY_TIME, 125, "2 min 5 s" }, { QUANTITY_TIME, 3725, "1 h 2 min" },
        { QUANTITY_TIME, 0, "0 s" },         { QUANTITY_TIME, UNKNOWN, "?" },
        { QUANTITY_MEMORY, 0.5, "512 KB" },  { QUANTITY_MEMORY, 203.1, "203 MB" },
        { QUANTITY_MEMORY, 1536, "1.5 GB" }, { QUANTITY_PLAIN, 0.2481, "0.248" },
        { QUANTITY_PLAIN, 1e12, "1e+12" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char shown[FIGURE_MAX];
        assert_string_equal(figure(rows[i].quantity, rows[i].value, shown), rows[i].shown);
    }
}

static void failed_runs_do_not_count_unless_all_failed(void **unused)
{
    (void)unused;
    struct run_figures runs[] = {
        { 3, 0, 10, true }, { 1, 0, 10, true }, { 99, 0, 10, false }, { 2, 0, 10, true }
    };
    struct measured measured = { .runs = runs, .run_count = COUNT(runs) };
    struct spread spread;
    spread_make(&measured, FIGURES_WALL, &spread);
    assert_int_equal(spread.count, 3);
    assert_true(spread.median == 2 && spread.low == 1 && spread.high == 3);
    spread_done(&spread);
    for (size_t i = 0; i < COUNT(runs); i++)
        runs[i].good = false;
    spread_make(&measured, FIGURES_WALL, &spread);
    assert_int_equal(spread.count, 4);
    spread_done(&spread);
}

static void dots_lie_beside_each_other(void **unused)
{
    (void)unused;
    double xs[40], ys[40];
    for (size_t i = 0; i < COUNT(xs); i++)
        xs[i] = 10 + floor((double)i / 4);
    assert_true(spread_swarm(xs, COUNT(xs), 2, 60, ys));
    for (size_t i = 0; i < COUNT(xs); i++)
        for (size_t j = 0; j < i; j++)
            assert_true(hypot(xs[i] - xs[j], ys[i] - ys[j]) >= 2 - 1e-9);
    assert_false(spread_swarm(xs, COUNT(xs), 20, 30, ys));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ticks_are_round_whatever_the_range),
    cmocka_unit_test(figures_read_like_a_persons),
    cmocka_unit_test(failed_runs_do_not_count_unless_all_failed),
    cmocka_unit_test(dots_lie_beside_each_other),
};

UNIT_MAIN(tests)
