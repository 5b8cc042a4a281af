/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "mcp/herd.h"
#include "str.h"
#include "unit.h"

#define TEXT(literal) ((char[]){ literal })

static char *requests[] = { TEXT("requests"), NULL };
static char *numpy[] = { TEXT("numpy"), NULL };

struct one {
    struct herd_member member; /* first */
    unsigned made, failed;
    struct herds *again; /* where it waits once more, or makes it itself */
};

static void on_made(struct herd_member *member)
{
    struct one *one = (struct one *)member;
    one->made++;
    if (one->again && !herd_wait(one->again, member))
        herd_make(one->again, member);
}

static void on_failed(struct herd_member *member, const struct outcome *outcome)
{
    assert_int_equal(outcome->end, END_FAULT);
    ((struct one *)member)->failed++;
}

static struct one new_one(char **requirements)
{
    struct launch launch;
    struct one one = { .member = { .made = on_made, .failed = on_failed } };
    launch_init(&launch);
    launch.use_uv = true;
    launch.requirements = requirements;
    herd_key(&one.member, &launch);
    return one;
}

static void what_needs_no_environment_waits_for_none(void **state)
{
    struct herds herds = LIST_HEAD_INITIALIZER(herds);
    struct one bare = new_one(NULL), other = bare;
    (void)state;
    assert_false(bare.member.needs);
    herd_make(&herds, &bare.member);
    assert_false(herd_wait(&herds, &other.member));
    herd_end(&bare.member, NULL);
}

static void whatever_decides_about_an_environment_is_in_its_key(void **state)
{
    struct launch launch;
    struct herd_member first = { 0 }, second;
    (void)state;
    launch_init(&launch);
    launch.use_uv = true;
    launch.requirements = requests;
    herd_key(&first, &launch);
    launch.workspace = TEXT("/srv"); /* nobody looks at it */
    herd_key(&second, &launch);
    assert_memory_equal(first.key, second.key, sizeof(first.key));
    const struct launch same = launch;
#define assert_matters(change)                                              \
    do {                                                                    \
        launch = same;                                                      \
        change;                                                             \
        herd_key(&second, &launch);                                         \
        assert_memory_not_equal(first.key, second.key, sizeof(second.key)); \
    } while (0)
    assert_matters(launch.requirements = numpy);
    assert_matters(launch.imports = numpy);
    assert_matters(launch.header = TEXT("dependencies = []"));
    assert_matters(launch.python = TEXT("3.12"));
    assert_matters(launch.wish = PYTHON_EXACT);
    assert_matters(launch.project = true);
    assert_matters(memcpy(launch.owner, "ann", 4));
    assert_matters(memcpy(launch.policy, "strict", 7));
}

static void those_that_come_meanwhile_go_on_when_it_is_made(void **state)
{
    struct herds herds = LIST_HEAD_INITIALIZER(herds);
    struct one maker = new_one(requests), a = maker, b = maker, other = new_one(numpy);
    (void)state;
    assert_false(herd_wait(&herds, &maker.member));
    herd_make(&herds, &maker.member);
    herd_make(&herds, &maker.member); /* it says so more than once */
    assert_true(herd_wait(&herds, &a.member));
    assert_true(herd_wait(&herds, &b.member));
    assert_false(herd_wait(&herds, &other.member));
    herd_leave(&b.member);
    herd_end(&maker.member, NULL);
    herd_end(&maker.member, NULL);
    assert_int_equal(a.made, 1);
    assert_int_equal(b.made + a.failed + b.failed, 0);
    assert_false(herd_wait(&herds, &b.member));
}

static void what_cannot_be_made_is_tried_once_for_all(void **state)
{
    struct herds herds = LIST_HEAD_INITIALIZER(herds);
    struct one maker = new_one(requests), a = maker, b = maker;
    const struct outcome fault = { .end = END_FAULT };
    (void)state;
    herd_make(&herds, &maker.member);
    assert_true(herd_wait(&herds, &a.member));
    assert_true(herd_wait(&herds, &b.member));
    herd_end(&maker.member, &fault);
    assert_int_equal(a.failed + b.failed, 2);
    assert_false(herd_wait(&herds, &a.member)); /* who comes later tries again */
}

static void when_the_maker_leaves_the_next_one_makes_it(void **state)
{
    struct herds herds = LIST_HEAD_INITIALIZER(herds);
    struct one maker = new_one(requests), a = maker, b = maker;
    (void)state;
    a.again = b.again = &herds;
    herd_make(&herds, &maker.member);
    assert_true(herd_wait(&herds, &a.member));
    assert_true(herd_wait(&herds, &b.member));
    herd_leave(&maker.member);
    assert_non_null(a.member.made_by_us);
    assert_ptr_equal(b.member.waits, a.member.made_by_us);
    herd_end(&a.member, NULL);
    assert_int_equal(b.made, 2);
    assert_non_null(b.member.made_by_us);
    herd_leave(&b.member);
    assert_true(LIST_EMPTY(&herds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_no_environment_waits_for_none),
        cmocka_unit_test(whatever_decides_about_an_environment_is_in_its_key),
        cmocka_unit_test(those_that_come_meanwhile_go_on_when_it_is_made),
        cmocka_unit_test(what_cannot_be_made_is_tried_once_for_all),
        cmocka_unit_test(when_the_maker_leaves_the_next_one_makes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
