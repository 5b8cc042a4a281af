/* SPDX-License-Identifier: Apache-2.0 */
/* test_variables.c - the environment of a payload. */
#include <errno.h>

#include "str.h"
#include "unit.h"
#include "variables.h"

/* A string that may be pointed to by a list of them. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static char *settings[] = { TEXT("SECRET=hunter2"), TEXT("PASSED=yes"), TEXT("HOME=/home/someone"),
                            NULL };
static struct sandbox sandbox = { .settings = settings };

static char *accept_all[] = { TEXT("*"), NULL };
static char *pass_one[] = { TEXT("PASSED"), NULL };
static char *set_one[] = { TEXT("PATH=/policy"), NULL };

static char **make(const struct policy *policy, char *const *asked)
{
    struct error err = { 0 };
    char **list = NULL;
    assert_ok(variables_make(&sandbox, policy, NULL, asked, &list, &err), &err);
    return list;
}

static void nothing_of_cordons_own_environment_arrives(void **unused)
{
    (void)unused;
    struct policy policy = { .env_accept = accept_all };
    autolist char **list = make(&policy, NULL);
    assert_null(env_get(list, "SECRET"));
    assert_null(env_get(list, "PASSED"));
    assert_string_equal(env_get(list, "HOME"), "/box/home");
    assert_string_equal(env_get(list, "PYTHONUNBUFFERED"), "1");
    assert_string_equal(env_get(list, "LANG"), "C.UTF-8");
    assert_string_equal(env_get(list, "TZ"), "UTC");
}

static void a_policy_passes_what_it_names_and_no_more(void **unused)
{
    (void)unused;
    struct policy policy = { .env_pass = pass_one };
    autolist char **list = make(&policy, NULL);
    assert_string_equal(env_get(list, "PASSED"), "yes");
    assert_null(env_get(list, "SECRET"));
}

static void the_request_comes_last(void **unused)
{
    (void)unused;
    struct policy policy = { .env_accept = accept_all, .env_set = set_one };
    char *asked[] = { TEXT("PATH=/first"), TEXT("A=1"), TEXT("A=2"), NULL };
    autolist char **list = make(&policy, asked);
    assert_string_equal(env_get(list, "PATH"), "/first");
    assert_string_equal(env_get(list, "A"), "2");
    for (size_t i = 0, seen = 0; list[i]; i++) {
        seen += starts_with(list[i], "A=");
        assert_true(seen <= 1);
    }
}

static void what_a_policy_does_not_accept_is_refused_by_name(void **unused)
{
    (void)unused;
    struct policy policy = { .name = "strict" };
    struct error err = { 0 };
    char **list = NULL;
    char *asked[] = { TEXT("COLOUR=blue"), NULL };
    assert_int_equal(variables_make(&sandbox, &policy, NULL, asked, &list, &err), -EPERM);
    assert_string_equal(err.text, "environment variable COLOUR is not accepted by policy strict");
    assert_null(list);
}

static void names_of_our_own_and_names_that_are_none_are_refused(void **unused)
{
    (void)unused;
    struct policy policy = { .env_accept = accept_all };
    static char *const bad[] = { TEXT("CORDON_PROGRESS=x"), TEXT("1A=x"), TEXT("A-B=x"), TEXT("=x"),
                                 TEXT("NOVALUE") };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error err = { 0 };
        char **list = NULL;
        char *asked[] = { bad[i], NULL };
        assert_true(variables_make(&sandbox, &policy, NULL, asked, &list, &err) < 0);
        assert_null(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_cordons_own_environment_arrives),
        cmocka_unit_test(a_policy_passes_what_it_names_and_no_more),
        cmocka_unit_test(the_request_comes_last),
        cmocka_unit_test(what_a_policy_does_not_accept_is_refused_by_name),
        cmocka_unit_test(names_of_our_own_and_names_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
