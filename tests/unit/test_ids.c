/* SPDX-License-Identifier: Apache-2.0 */
/* test_ids.c - which ids root may give away, in namespaces of every shape. */
#include "ids.h"
#include "unit.h"

static void an_ordinary_host_gives_the_preferred_range(void **unused)
{
    (void)unused;
    assert_int_equal(ids_first_in("         0          0 4294967295\n", IDS_SLOT_FIRST, 256),
                     IDS_SLOT_FIRST);
}

static void a_container_gives_the_end_of_its_longest_range(void **unused)
{
    (void)unused;
    const char *map = "0 1000 1\n1 100000 65536\n";
    uint32_t first = ids_first_in(map, IDS_SLOT_FIRST, 256);
    assert_in_range(first, 60000, 65537 - 256);
    assert_true(first + 256 <= 65534); /* nobody is nobody's */
    assert_int_equal(ids_first_in(map, first, 256), first);
}

static void a_root_with_one_id_has_none_to_give(void **unused)
{
    (void)unused;
    assert_int_equal(ids_first_in("0 1000 1\n", IDS_SLOT_FIRST, 256), 0);
    assert_int_equal(ids_first_in("", IDS_SLOT_FIRST, 256), 0);
    assert_int_equal(ids_first_in("nonsense\n", IDS_SLOT_FIRST, 256), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_host_gives_the_preferred_range),
        cmocka_unit_test(a_container_gives_the_end_of_its_longest_range),
        cmocka_unit_test(a_root_with_one_id_has_none_to_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
