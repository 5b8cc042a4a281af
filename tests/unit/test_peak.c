/* SPDX-License-Identifier: Apache-2.0 */
#include "peak.h"
#include "unit.h"

static void without_page_cache_the_kernels_peak_is_exact(void **state)
{
    (void)state;
    struct peak peak = { 0 };
    peak_look(&peak, 100, 60, 0);
    peak_look(&peak, 100, 20, 0);
    assert_int_equal(peak.whole, 100);
    assert_int_equal(peak.least, 100);
}

static void page_cache_that_stays_is_taken_off(void **state)
{
    (void)state;
    struct peak peak = { 0 };
    peak_look(&peak, 70, 70, 50);
    assert_int_equal(peak.least, 20);
    peak_look(&peak, 120, 50, 50); /* a short ramp between two looks */
    assert_int_equal(peak.whole, 120);
    assert_int_equal(peak.least, 70);
}

static void page_cache_that_comes_or_goes_is_never_taken_for_memory(void **state)
{
    (void)state;
    struct peak peak = { 0 };
    peak_look(&peak, 510, 510, 500);
    peak_look(&peak, 520, 10, 0); /* the file was removed */
    assert_int_equal(peak.least, 20);
    peak_look(&peak, 520, 15, 0);
    assert_int_equal(peak.least, 20);
    peak_look(&peak, 520, 400, 370); /* and another came, below the first peak */
    assert_int_equal(peak.least, 30);
    assert_int_equal(peak.whole, 520);
}

static void a_kernel_that_keeps_no_peak_leaves_the_looks(void **state)
{
    (void)state;
    struct peak peak = { 0 };
    peak_look(&peak, 0, 80, 30);
    peak_look(&peak, 0, 10, 0);
    assert_int_equal(peak.whole, 80);
    assert_int_equal(peak.least, 50);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_page_cache_the_kernels_peak_is_exact),
    cmocka_unit_test(page_cache_that_stays_is_taken_off),
    cmocka_unit_test(page_cache_that_comes_or_goes_is_never_taken_for_memory),
    cmocka_unit_test(a_kernel_that_keeps_no_peak_leaves_the_looks),
};

UNIT_MAIN(tests)
