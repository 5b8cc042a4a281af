/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of a script's own word about its time. */
#include "run/profile.h"
#include "unit.h"

static struct profile *of(const char *text)
{
    struct profile *profile = profile_new();
    profile_take(profile, text, strlen(text));
    return profile;
}

#define MAIN "\tMainThread\t<thread>\t0\t<module>\t/s.py\t1"

static void functions_have_their_own_time_and_all_of_it(void **state)
{
    (void)state;
    struct profile *profile = of("100 1" MAIN "\n"
                                 "300 2" MAIN "\tf\t/s.py\t3\n"
                                 "600 3" MAIN "\tf\t/s.py\t3\tsleep\t<built-in>\t0\n"
                                 "50 1" MAIN "\tf\t/s.py\t3\tg\t/s.py\t9\tf\t/s.py\t3\n"
                                 "300 2" MAIN "\tf\t/s.py\t3\n");
    struct profile_row *rows;
    assert_int_equal(profile_rows(profile, &rows), 4);
    static const struct {
        const char *name;
        uint64_t self_us, total_us;
    } expected[] = {
        { "f", 650, 1250 }, { "sleep", 600, 600 }, { "<module>", 100, 1350 }, { "g", 0, 50 }
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_string_equal(rows[i].name, expected[i].name);
        assert_int_equal(rows[i].self_us, expected[i].self_us);
        assert_int_equal(rows[i].total_us, expected[i].total_us);
    }
    free(rows);
    const struct profile_sum sum = profile_sum(profile);
    assert_int_equal(sum.seconds_us, 1350);
    assert_int_equal(sum.samples, 9);
    assert_int_equal(sum.threads, 1);
    autostr struct str folded = { 0 };
    profile_print_folded(profile, &folded);
    assert_non_null(strstr(folded.data, "MainThread;<module> (/s.py:1);f (/s.py:3) 600\n"));
    assert_non_null(strstr(folded.data, "f (/s.py:3);sleep (built-in) 600\n"));
    profile_free(profile);
}

static void pieces_may_end_anywhere(void **state)
{
    (void)state;
    static const char text[] = "100 1" MAIN "\n300 2" MAIN "\tf\t/s.py\t3\nlost 7\nend\n";
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        struct profile *profile = profile_new();
        profile_take(profile, text, cut);
        profile_take(profile, text + cut, sizeof(text) - 1 - cut);
        const struct profile_sum sum = profile_sum(profile);
        assert_int_equal(sum.seconds_us, 400);
        assert_int_equal(sum.lost, 7);
        assert_true(profile_ended(profile));
        profile_free(profile);
    }
}

static void what_makes_no_sense_is_left_out(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "\n",
        "100\n",
        "100 1\n",
        ("-1 1" MAIN "\n"),
        ("1 -1" MAIN "\n"),
        ("99999999999999999999999 1" MAIN "\n"),
        "1 1\tname\tfile\n",
        "1 1\tname\tfile\t99999999999\n",
        "1 1\t\xff\tfile\t1\n",
        ("1 1" MAIN "\t\n"),
        ("1 1 " MAIN "\n"),
        "lost -1\n",
        "lost\n",
        "end \n",
        ("1 1" MAIN), /* without its end */
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct profile *profile = of(lines[i]);
        assert_int_equal(profile_sum(profile).samples, 0);
        assert_false(profile_ended(profile));
        profile_free(profile);
    }
}

static void names_steer_nothing_and_are_cut(void **state)
{
    (void)state;
    autofree char *longest = xcalloc(1, 3001);
    memset(longest, 'x', 3000);
    autofree char *text = xasprintf("1 1\t\x1b[2J;\xe2\x80\xae\t%s\t1\n", longest);
    struct profile *profile = of(text);
    autostr struct str folded = { 0 };
    profile_print_folded(profile, &folded);
    assert_true(starts_with(folded.data, "?[2J,? ("));
    assert_true(folded.len < 400);
    profile_free(profile);
}

/* Each line a new function and a new stack: what fits is kept, the rest is counted. */
static void a_flood_has_a_bound(void **state)
{
    (void)state;
    struct profile *profile = profile_new();
    for (unsigned i = 0; i < 3 * PROFILE_NODES_MAX; i++) {
        autofree char *line = xasprintf("1 1\tt\t<thread>\t0\tf%u\tf\t1\n", i);
        profile_take(profile, line, strlen(line));
    }
    const struct profile_sum sum = profile_sum(profile);
    assert_int_equal(sum.samples + sum.lost, 3 * PROFILE_NODES_MAX);
    assert_true(sum.samples < PROFILE_NODES_MAX);
    struct json_object *flame = profile_flame(profile, "x"), *frames;
    assert_true(json_object_object_get_ex(flame, "frames", &frames));
    assert_true(json_object_array_length(frames) < PROFILE_NODES_MAX);
    json_object_put(flame);
    profile_free(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_their_own_time_and_all_of_it),
        cmocka_unit_test(pieces_may_end_anywhere),
        cmocka_unit_test(what_makes_no_sense_is_left_out),
        cmocka_unit_test(names_steer_nothing_and_are_cut),
        cmocka_unit_test(a_flood_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
