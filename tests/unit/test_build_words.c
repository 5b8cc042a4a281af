/* SPDX-License-Identifier: Apache-2.0 */
#include "build_words.h"
#include "unit.h"

static void the_innermost_build_is_wanted_first(void **state)
{
    (void)state;
    struct package package = { 0 };
    assert_true(build_wanted("error: Failed to build `outer-one==2.0+x`\n"
                             "  cause: Failed to build `inner==1!3.0b1`\n",
                             &package));
    assert_string_equal(package.name, "inner");
    assert_string_equal(package.version, "1!3.0b1");
}

static void what_would_lead_elsewhere_is_no_package(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "Failed to build `x`",
        "Failed to build `x==`",
        "Failed to build `==1`",
        "Failed to build `../x==1`",
        "Failed to build `x==../1`",
        "Failed to build `x==1/2`",
        "Failed to build `.x==1`",
        "Failed to build `x==-1`",
        "Failed to build `x==1*`",
        "Failed to build `x @ file:///x==1`",
        "Failed to build `x==1",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct package package = { 0 };
        if (build_wanted(texts[i], &package))
            fail_msg("\"%s\" wants %s==%s", texts[i], package.name, package.version);
    }
}

static void what_a_build_asks_for_is_found(void **state)
{
    (void)state;
    char name[101] = "";
    assert_true(
        build_missing("Because flit-core was not found in the provided package locations and you",
                      name));
    assert_string_equal(name, "flit-core");
    assert_false(build_missing("Because .. was not found in the provided package locations", name));
    assert_false(build_missing(" was not found in the provided package locations", name));
    assert_false(build_missing("Because x was not found in the package registry", name));
}

static void a_wheel_carries_the_name_of_its_package(void **state)
{
    (void)state;
    assert_true(wheel_is_of("My_Package-1.0-py3-none-any.whl", "my-package"));
    assert_true(wheel_is_of("a_b-1.0-py3-none-any.whl", "a.-b"));
    assert_false(wheel_is_of("my_package_two-1.0-py3-none-any.whl", "my-package"));
    assert_false(wheel_is_of("alpha-9.0-py3-none-any.whl", "my-package"));
    assert_false(wheel_is_of("my_package-1.0.tar.gz", "my-package"));
    assert_false(wheel_is_of("my_package", "my-package"));
    assert_false(wheel_is_of("", "my-package"));
    assert_false(wheel_is_of("x-1/../../y.whl", "x"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_innermost_build_is_wanted_first),
    cmocka_unit_test(what_would_lead_elsewhere_is_no_package),
    cmocka_unit_test(what_a_build_asks_for_is_found),
    cmocka_unit_test(a_wheel_carries_the_name_of_its_package),
};

UNIT_MAIN(tests)
