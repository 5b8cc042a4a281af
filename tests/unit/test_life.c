/* SPDX-License-Identifier: Apache-2.0 */
/* test_life.c - the table of a run's life, every row of it. */
#include "life.h"
#include "unit.h"

static void no_event_moves_a_run_backwards(void **unused)
{
    (void)unused;
    for (enum life now = LIFE_RUNNING; now < LIFE_COUNT; now++)
        for (enum life_event event = EVENT_EXIT; event < EVENT_COUNT; event++)
            assert_true(life_step(now, event).next >= now);
}

static void an_end_is_an_end_from_everywhere(void **unused)
{
    (void)unused;
    for (enum life now = LIFE_RUNNING; now < LIFE_COUNT; now++)
        assert_int_equal(life_step(now, EVENT_EXIT).next, LIFE_OVER);
}

static void a_run_is_reaped_once(void **unused)
{
    (void)unused;
    assert_int_equal(life_step(LIFE_RUNNING, EVENT_EXIT).act, ACT_REAP);
    assert_int_equal(life_step(LIFE_OVER, EVENT_EXIT).act, ACT_NOTHING);
}

static void a_limit_kills_without_asking_and_once(void **unused)
{
    (void)unused;
    assert_int_equal(life_step(LIFE_RUNNING, EVENT_LIMIT).act, ACT_KILL);
    assert_int_equal(life_step(LIFE_ASKED, EVENT_LIMIT).act, ACT_KILL);
    assert_int_equal(life_step(LIFE_KILLED, EVENT_LIMIT).act, ACT_NOTHING);
}

static void a_cancel_asks_first_and_kills_when_the_grace_is_over(void **unused)
{
    (void)unused;
    assert_int_equal(life_step(LIFE_RUNNING, EVENT_CANCEL).act, ACT_TERM);
    assert_int_equal(life_step(LIFE_ASKED, EVENT_GRACE).act, ACT_KILL);
    assert_int_equal(life_step(LIFE_RUNNING, EVENT_GRACE).act, ACT_NOTHING);
}

static void nothing_happens_to_a_run_that_is_over(void **unused)
{
    (void)unused;
    for (enum life_event event = EVENT_EXIT; event < EVENT_COUNT; event++)
        assert_int_equal(life_step(LIFE_OVER, event).act, ACT_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_event_moves_a_run_backwards),
        cmocka_unit_test(an_end_is_an_end_from_everywhere),
        cmocka_unit_test(a_run_is_reaped_once),
        cmocka_unit_test(a_limit_kills_without_asking_and_once),
        cmocka_unit_test(a_cancel_asks_first_and_kills_when_the_grace_is_over),
        cmocka_unit_test(nothing_happens_to_a_run_that_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
