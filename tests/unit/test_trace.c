/* SPDX-License-Identifier: Apache-2.0 */
/* Which trace contexts are taken from strangers, and what is kept of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/launch.h>
#include <cordon/trace.h>

#include "unit.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" TRACE "-" PARENT "-01"

static void one_of_version_00_is_kept_as_it_is(void **state)
{
    (void)state;
    char kept[TRACEPARENT_MAX];
    assert_true(traceparent_read(GOOD, strlen(GOOD), kept));
    assert_string_equal(kept, GOOD);
}

static void of_a_newer_version_the_known_fields_are_kept(void **state)
{
    (void)state;
    char kept[TRACEPARENT_MAX];
    static const char *const texts[] = { "cc-" TRACE "-" PARENT "-01",
                                         "cc-" TRACE "-" PARENT "-01-what-comes-later",
                                         "01-" TRACE "-" PARENT "-ff" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_true(traceparent_read(texts[i], strlen(texts[i]), kept));
        assert_string_equal(kept, GOOD);
    }
}

static void flags_nobody_defined_are_left_out(void **state)
{
    (void)state;
    char kept[TRACEPARENT_MAX];
    static const char text[] = "00-" TRACE "-" PARENT "-fe";
    assert_true(traceparent_read(text, strlen(text), kept));
    assert_string_equal(kept, "00-" TRACE "-" PARENT "-00");
}

static void everything_else_counts_as_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* 0: of the text */
    } bad[] = {
        { "", 0 },
        { "00-" TRACE "-" PARENT "-0", 0 },
        { GOOD "-", 0 },
        { GOOD "x", 0 },
        { "cc-" TRACE "-" PARENT "-01.later", 0 },
        { "ff-" TRACE "-" PARENT "-01", 0 },
        { "0g-" TRACE "-" PARENT "-01", 0 },
        { "00-00000000000000000000000000000000-" PARENT "-01", 0 },
        { "00-" TRACE "-0000000000000000-01", 0 },
        { "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", 0 },
        { "00_" TRACE "-" PARENT "-01", 0 },
        { "00-" TRACE "-" PARENT "-0\n", 0 },
        { "00-" TRACE "-b7ad6b716920333\0-01", 55 },
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char kept[TRACEPARENT_MAX] = "before";
        size_t len = bad[i].len ? bad[i].len : strlen(bad[i].text);
        assert_false(traceparent_read(bad[i].text, len, kept));
        assert_string_equal(kept, "");
    }
}

/* What a captured front sends to the gate is read again there. */
static void a_frame_with_another_text_for_one_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *trace;
        int result;
    } cases[] = { { "", 0 },
                  { GOOD, 0 },
                  { "cc-" TRACE "-" PARENT "-01", -EBADMSG },
                  { "00-" TRACE "-" PARENT "-ff", -EBADMSG },
                  { "\",\"end\":\"exited", -EBADMSG } };
    static char frame[LAUNCH_FRAME_MAX];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct launch sent, came;
        struct error err = { 0 };
        size_t len;
        unsigned present;
        launch_init(&sent);
        launch_init(&came);
        (void)snprintf(sent.trace, sizeof(sent.trace), "%s", cases[i].trace);
        assert_ok(launch_encode(&sent, frame, &len, &err), &err);
        assert_int_equal(launch_decode(frame, len, &came, &present, &err), cases[i].result);
        if (cases[i].result == 0)
            assert_string_equal(came.trace, cases[i].trace);
        launch_done(&came);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_version_00_is_kept_as_it_is),
        cmocka_unit_test(of_a_newer_version_the_known_fields_are_kept),
        cmocka_unit_test(flags_nobody_defined_are_left_out),
        cmocka_unit_test(everything_else_counts_as_none),
        cmocka_unit_test(a_frame_with_another_text_for_one_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
