/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mcp/job_view.h"
#include "mcp/readers.h"
#include "mcp/waiting.h"
#include "run/samples.h"
#include "unit.h"

static void a_cursor_comes_back_as_it_was(void **state)
{
    (void)state;
    const struct position rows[] = { { { 0, 0 } }, { { 1, 0 } }, { { 1ULL << 40, 999 } } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[48];
        struct position back;
        struct error err;
        cursor_print(&rows[i], text);
        assert_ok(cursor_parse(text, &back, &err), &err);
        assert_memory_equal(&back, &rows[i], sizeof(back));
    }
    static const char *const bad[] = { "",
                                       ".",
                                       "1",
                                       "1.",
                                       ".1",
                                       "1.2.",
                                       "1.2.3",
                                       "-1.2",
                                       "+1.2",
                                       " 1.2",
                                       "1.2 ",
                                       "a.b",
                                       "9999999999999999999.0" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct position back = { { 5, 6 } };
        struct error err = { 0 };
        assert_int_equal(cursor_parse(bad[i], &back, &err), -EINVAL);
        assert_int_equal(back.at[0], 5);
    }
}

static void a_reader_that_is_forgotten_begins_anew(void **state)
{
    (void)state;
    struct readers *readers = readers_new();
    readers_at(readers, "local", "first")->at[0] = 7;
    for (int i = 0; i < READERS_MAX - 2; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "job-%d", i);
        readers_at(readers, "local", id)->at[1] = 3;
    }
    assert_int_equal(readers_at(readers, "local", "first")->at[0], 7);
    assert_int_equal(readers_at(readers, "somebody else", "first")->at[0], 0);
    /* Now job-0 is the one that was longest not read. */
    readers_at(readers, "local", "one more")->at[0] = 1;
    assert_int_equal(readers_at(readers, "local", "first")->at[0], 7);
    assert_int_equal(readers_at(readers, "local", "job-0")->at[1], 0);
    readers_free(readers);
}

static void a_budget_is_a_number_of_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms; /* 1: refused */
    } rows[] = {
        { NULL, 20000 },
        { "", 20000 },
        { "20", 20000 },
        { "0.25", 250 },
        { "0", 0 },
        { "1.", 1000 },
        { "1000000", 1000000000 },
        { "-1", 1 },
        { "1000001", 1 },
        { "1e3", 1 },
        { "nan", 1 },
        { "inf", 1 },
        { "0x10", 1 },
        { "5s", 1 },
        { "1.2.3", 1 },
        { ".", 1 },
        { " 5", 1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t ns = 1;
        struct error err = { 0 };
        int r = budget_parse(rows[i].text, &ns, &err);
        if (r != (rows[i].ms == 1 ? -EINVAL : 0) || (r == 0 && ns != rows[i].ms * NS_PER_MS))
            fail_msg("%s: %s", rows[i].text, err.text);
    }
}

static void samples_stay_few_and_cover_everything(void **state)
{
    (void)state;
    struct samples samples = { 0 };
    const uint64_t count = 100000;
    for (uint64_t i = 0; i < count; i++)
        samples_take(&samples, &(const struct sample){ .usage = { .wall_ns = i } });
    assert_true(samples.count <= SAMPLES_MAX && samples.count >= SAMPLES_MAX / 2);
    assert_int_equal(samples.list[0].usage.wall_ns, 0);
    assert_true(samples.list[samples.count - 1].usage.wall_ns >= count - samples.every);
    for (size_t i = 1; i < samples.count; i++)
        assert_int_equal(samples.list[i].usage.wall_ns - samples.list[i - 1].usage.wall_ns,
                         samples.every);
    samples_done(&samples);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_cursor_comes_back_as_it_was),
    cmocka_unit_test(a_reader_that_is_forgotten_begins_anew),
    cmocka_unit_test(a_budget_is_a_number_of_seconds),
    cmocka_unit_test(samples_stay_few_and_cover_everything),
};

UNIT_MAIN(tests)
