/* SPDX-License-Identifier: Apache-2.0 */
/* test_limits.c - limits meet, are read and are printed. */
#include <errno.h>

#include <cordon/limits.h>

#include "unit.h"

static void nothing_permitted_stays_nothing_whatever_is_asked(void **unused)
{
    (void)unused;
    struct limits met = limits_meet((struct limits){ 0 }, limits_no_opinion());
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        assert_int_equal(limit_get(&met, &limit_fields[i]), 0);
}

static void a_request_cannot_loosen_a_policy(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        struct limits policy = limits_no_opinion(), asked = limits_no_opinion();
        *limit_at(&policy, &limit_fields[i]) = 10;
        *limit_at(&asked, &limit_fields[i]) = 11;
        struct limits met = limits_meet(policy, asked);
        assert_int_equal(limit_get(&met, &limit_fields[i]), 10);
        *limit_at(&asked, &limit_fields[i]) = 9;
        met = limits_meet(policy, asked);
        assert_int_equal(limit_get(&met, &limit_fields[i]), 9);
    }
}

static void asking_for_more_is_refused_with_both_numbers(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    struct limits policy = { .wall_ms = 30000 }, asked = limits_no_opinion();
    asked.wall_ms = 60000;
    assert_int_equal(limits_within(&policy, &asked, &err), -EPERM);
    assert_int_equal(err.blame, BLAME_POLICY);
    assert_string_equal(err.text, "wall: 1m is more than the policy's 30s");
    asked.wall_ms = 30000;
    assert_ok(limits_within(&policy, &asked, &err), &err);
}

static void units_are_read(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum limit_unit unit;
        uint64_t value;
    } rows[] = {
        { "250ms", UNIT_DURATION, 250 }, { "30s", UNIT_DURATION, 30000 },
        { "5m", UNIT_DURATION, 300000 }, { "1h", UNIT_DURATION, 3600000 },
        { "64K", UNIT_SIZE, 65536 },     { "512M", UNIT_SIZE, 512ULL << 20 },
        { "2G", UNIT_SIZE, 2ULL << 30 }, { "100", UNIT_SIZE, 100 },
        { "128", UNIT_COUNT, 128 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 };
        uint64_t value = 0;
        assert_ok(limit_parse(rows[i].text, rows[i].unit, &value, &err), &err);
        assert_int_equal(value, rows[i].value);
        char out[32];
        uint64_t again = 0;
        limit_print(value, rows[i].unit, out);
        assert_ok(limit_parse(out, rows[i].unit, &again, &err), &err);
        assert_int_equal(again, value);
    }
}

static void what_is_not_a_limit_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum limit_unit unit;
    } rows[] = {
        { "", UNIT_DURATION },
        { "30", UNIT_DURATION },
        { "-5s", UNIT_DURATION },
        { "0s", UNIT_DURATION },
        { "5 s", UNIT_DURATION },
        { "1d", UNIT_DURATION },
        { "99999999999999999999s", UNIT_DURATION },
        { "999999999999999999h", UNIT_DURATION },
        { "1KB", UNIT_SIZE },
        { "0", UNIT_SIZE },
        { "1.5G", UNIT_SIZE },
        { "9999999999T", UNIT_SIZE },
        { "1K", UNIT_COUNT },
        { "0", UNIT_COUNT },
        { "\x01", UNIT_COUNT },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err = { 0 };
        uint64_t value = 7;
        assert_int_equal(limit_parse(rows[i].text, rows[i].unit, &value, &err), -EINVAL);
        assert_int_equal(value, 7);
        assert_int_equal(err.blame, BLAME_CALLER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_permitted_stays_nothing_whatever_is_asked),
        cmocka_unit_test(a_request_cannot_loosen_a_policy),
        cmocka_unit_test(asking_for_more_is_refused_with_both_numbers),
        cmocka_unit_test(units_are_read),
        cmocka_unit_test(what_is_not_a_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
