/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "env_lock.h"
#include "str.h"
#include "unit.h"

static const char lock[] = "# a comment\n"
                           "idna==3.20 ; python_full_version >= '3.10' \\\n"
                           "    --hash=sha256:aa \\\n"
                           "    --hash=sha256:ab\n"
                           "idna-ssl[more,still]==3.2 \\\n"
                           "    --hash=sha256:cc\n"
                           "six==1.17.0\n";

static void the_lines_of_one_package_are_found(void **state)
{
    (void)state;
    static const struct {
        struct package package;
        const char *lines;
    } cases[] = {
        { { "idna", "3.20" },
          "idna==3.20 ; python_full_version >= '3.10' \\\n    --hash=sha256:aa \\\n"
          "    --hash=sha256:ab\n" },
        { { "idna-ssl", "3.2" }, "idna-ssl[more,still]==3.2 \\\n    --hash=sha256:cc\n" },
        { { "six", "1.17.0" }, "six==1.17.0\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        autofree char *lines = lock_only(lock, &cases[i].package);
        assert_non_null(lines);
        assert_string_equal(lines, cases[i].lines);
    }
}

static void another_name_or_version_is_another_package(void **state)
{
    (void)state;
    static const struct package others[] = { { "idna", "3.2" },     { "idna", "3.200" },
                                             { "idn", "3.20" },     { "idna-ssl", "3.20" },
                                             { "six", "1.17.0.1" }, { "# a comment", "" } };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_null(lock_only(lock, &others[i]));
    static const char *const broken[] = { "",        "idna",  "idna[", "idna[x",
                                          "idna[x]", "idna=", "idna==" };
    const struct package idna = { "idna", "3.20" };
    for (size_t i = 0; i < COUNT(broken); i++)
        assert_null(lock_only(broken[i], &idna));
}

static void of_a_replaced_package_no_old_hash_stays(void **state)
{
    (void)state;
    static char wheel[] = "dd", second[] = "ee";
    char *hashes[] = { wheel, second, NULL };
    const struct package idna = { "idna", "3.20" };
    autofree char *made = lock_replace(lock, &idna, hashes);
    assert_string_equal(made, "# a comment\n"
                              "idna==3.20 ; python_full_version >= '3.10' \\\n"
                              "    --hash=sha256:dd \\\n"
                              "    --hash=sha256:ee\n"
                              "idna-ssl[more,still]==3.2 \\\n"
                              "    --hash=sha256:cc\n"
                              "six==1.17.0\n");
    const struct package six = { "six", "1.17.0" };
    autofree char *both = lock_replace(made, &six, hashes + 1);
    autofree char *lines = lock_only(both, &six);
    assert_string_equal(lines, "six==1.17.0 \\\n    --hash=sha256:ee\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_lines_of_one_package_are_found),
    cmocka_unit_test(another_name_or_version_is_another_package),
    cmocka_unit_test(of_a_replaced_package_no_old_hash_stays),
};

UNIT_MAIN(tests)
