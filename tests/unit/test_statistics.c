/* SPDX-License-Identifier: Apache-2.0 */
/* test_statistics.c - against Python's statistics module, tables of Student's t, and by hand. */
#include <math.h>

#include <cordon/own.h>

#include "statistics.h"
#include "unit.h"

static const double fast[] = { 0.0123, 0.0119, 0.0131, 0.0125, 0.0118,
                               0.0122, 0.0127, 0.0121, 0.0124, 0.0129 };
static const double slow[] = { 0.0185, 0.0179, 0.0182, 0.0191, 0.0176, 0.0188 };

static void assert_near(double value, double known, double within)
{
    if (!(fabs(value - known) <= within * fabs(known)))
        fail_msg("%.12g is not %.12g", value, known);
}

static void a_summary_is_what_python_says(void **unused)
{
    (void)unused;
    struct summary summary = statistics_summary(fast, COUNT(fast));
    assert_int_equal(summary.count, COUNT(fast));
    assert_near(summary.min, 0.0118, 1e-12);
    assert_near(summary.mean, 0.01239, 1e-12);
    assert_near(summary.median, 0.01235, 1e-12);
    assert_near(summary.stddev, 0.00042018514437751787, 1e-9);
    assert_near(summary.p95, 0.01301, 1e-12);
    assert_near(summary.max, 0.0131, 1e-12);
    summary = statistics_summary(slow, COUNT(slow));
    assert_near(summary.median, 0.01835, 1e-12);
    assert_near(summary.stddev, 0.0005612486080160908, 1e-9);
    assert_near(summary.p95, 0.019025, 1e-12);
}

static void one_value_is_everything(void **unused)
{
    (void)unused;
    const double one = 3;
    struct summary summary = statistics_summary(&one, 1);
    const double all[] = { summary.min, summary.mean, summary.median, summary.p95, summary.max };
    for (size_t i = 0; i < COUNT(all); i++)
        assert_near(all[i], 3, 0);
    assert_near(summary.stddev, 0, 0);
}

static void the_order_of_values_is_left_alone(void **unused)
{
    (void)unused;
    const double values[] = { 3, 1, 2, 5 };
    assert_near(statistics_median(values, 4), 2.5, 0);
    assert_near(values[0], 3, 0);
}

static void an_outlier_is_one_among_values_that_vary(void **unused)
{
    (void)unused;
    /* Median 10.75, median distance 0.75: a value is ten deviations away from 21.87 on. */
    double values[] = { 10, 11, 9, 10.5, 12, 10, 11, 100 };
    assert_near(statistics_robust_score(values, COUNT(values), 100),
                (100 - 10.75) / (1.4826 * 0.75), 1e-9);
    assert_int_equal(statistics_outliers(values, COUNT(values)), 1);
    values[7] = 21.6;
    assert_int_equal(statistics_outliers(values, COUNT(values)), 0);
    const double equal[] = { 1, 1, 1, 1, 5 };
    assert_int_equal(statistics_outliers(equal, COUNT(equal)), 0);
}

static void what_rises_all_along_drifts(void **unused)
{
    (void)unused;
    const double rises[] = { 1, 1.1, 1.3, 1.2, 1.5, 1.6, 1.8, 1.7, 2, 2.2 };
    assert_true(statistics_drifts(rises, COUNT(rises)));
    assert_false(statistics_drifts(rises, 7)); /* too few to tell */
    assert_false(statistics_drifts(fast, COUNT(fast)));
    const double equal[12] = { 0 };
    assert_false(statistics_drifts(equal, COUNT(equal)));
}

static void students_t_is_that_of_the_tables(void **unused)
{
    (void)unused;
    static const struct {
        double p, df, t;
    } rows[] = {
        { .975, 1, 12.7062 },  { .975, 2, 4.30265 },  { .975, 5, 2.57058 },
        { .975, 10, 2.22814 }, { .975, 30, 2.04227 }, { .975, 1e6, 1.95997 },
        { .95, 5, 2.01505 },   { .995, 10, 3.16927 }, { .975, 11.557621662300795, 2.1880983 },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_near(statistics_t_quantile(rows[i].p, rows[i].df), rows[i].t, 2e-6);
}

static void a_ratio_has_the_interval_of_its_logarithms(void **unused)
{
    (void)unused;
    struct ratio ratio = statistics_ratio(slow, COUNT(slow), fast, COUNT(fast));
    assert_true(ratio.bounded);
    assert_near(ratio.ratio, 1.4812184103051116, 1e-9);
    assert_near(ratio.low, 1.428879412282146, 1e-6);
    assert_near(ratio.high, 1.5354745545130537, 1e-6);
    struct ratio back = statistics_ratio(fast, COUNT(fast), slow, COUNT(slow));
    assert_near(back.low, 1 / ratio.high, 1e-9);
}

static void equal_values_and_single_ones_have_a_ratio(void **unused)
{
    (void)unused;
    const double twos[] = { 2, 2, 2 }, ones[] = { 1, 1, 1 };
    struct ratio ratio = statistics_ratio(twos, 3, ones, 3);
    assert_true(ratio.bounded);
    assert_near(ratio.low, 2, 1e-12);
    assert_near(ratio.high, 2, 1e-12);
    ratio = statistics_ratio(twos, 1, ones, 3);
    assert_false(ratio.bounded);
    assert_near(ratio.ratio, 2, 1e-12);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_summary_is_what_python_says),
    cmocka_unit_test(one_value_is_everything),
    cmocka_unit_test(the_order_of_values_is_left_alone),
    cmocka_unit_test(an_outlier_is_one_among_values_that_vary),
    cmocka_unit_test(what_rises_all_along_drifts),
    cmocka_unit_test(students_t_is_that_of_the_tables),
    cmocka_unit_test(a_ratio_has_the_interval_of_its_logarithms),
    cmocka_unit_test(equal_values_and_single_ones_have_a_ratio),
};

UNIT_MAIN(tests)
