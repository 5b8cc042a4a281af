/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "clock.h"
#include "mcp/places.h"
#include "unit.h"

#define WHILE_NS (PLACES_GOOD_MS * NS_PER_MS)

static void what_was_asked_a_moment_ago_is_known(void **state)
{
    struct places places = { 0 };
    (void)state;
    assert_false(places_has(&places, "/srv/a", WHILE_NS));
    places_add(&places, "/srv/a", WHILE_NS);
    assert_true(places_has(&places, "/srv/a", WHILE_NS));
    assert_true(places_has(&places, "/srv/a", 2 * WHILE_NS - 1));
    assert_false(places_has(&places, "/srv/a/", WHILE_NS)); /* another name may be another place */
    assert_false(places_has(&places, "/srv", WHILE_NS));
    assert_false(places_has(&places, "/srv/a", 2 * WHILE_NS));
    places_add(&places, "/srv/a", 2 * WHILE_NS);
    assert_true(places_has(&places, "/srv/a", 2 * WHILE_NS));
    assert_int_equal(places.next, 1);
    places_done(&places);
}

static void the_oldest_is_forgotten(void **state)
{
    struct places places = { 0 };
    char path[20];
    (void)state;
    for (int i = 0; i <= PLACES_MAX; i++) {
        (void)snprintf(path, sizeof(path), "/srv/%d", i);
        places_add(&places, path, 1);
    }
    assert_false(places_has(&places, "/srv/0", 1));
    assert_true(places_has(&places, "/srv/1", 1));
    assert_true(places_has(&places, path, 1));
    places_done(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_a_moment_ago_is_known),
        cmocka_unit_test(the_oldest_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
