/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include "egress_address.h"
#include "unit.h"

static enum reach reach_of(const struct attached *attached, const char *text)
{
    struct sockaddr_storage at = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&at;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&at;
    const char *why = NULL;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
        at.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
        at.ss_family = AF_INET6;
    else
        fail_msg("the test's own address %s", text);
    enum reach reach = address_reach(attached, (struct sockaddr *)&at, &why);
    if (reach != REACH_PUBLIC)
        assert_non_null(why);
    return reach;
}

static void every_range_has_its_edges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum reach reach;
    } rows[] = {
        { "1.1.1.1", REACH_PUBLIC },
        { "9.255.255.255", REACH_PUBLIC },
        { "10.0.0.0", REACH_PRIVATE },
        { "10.255.255.255", REACH_PRIVATE },
        { "11.0.0.0", REACH_PUBLIC },
        { "100.63.255.255", REACH_PUBLIC },
        { "100.64.0.0", REACH_PRIVATE },
        { "100.127.255.255", REACH_PRIVATE },
        { "100.128.0.0", REACH_PUBLIC },
        { "127.0.0.1", REACH_PRIVATE },
        { "127.255.255.255", REACH_PRIVATE },
        { "128.0.0.0", REACH_PUBLIC },
        { "169.253.255.255", REACH_PUBLIC },
        { "169.254.0.1", REACH_PRIVATE },
        { "169.255.0.0", REACH_PUBLIC },
        { "172.15.255.255", REACH_PUBLIC },
        { "172.16.0.0", REACH_PRIVATE },
        { "172.31.255.255", REACH_PRIVATE },
        { "172.32.0.0", REACH_PUBLIC },
        { "192.0.0.8", REACH_PRIVATE },
        { "192.167.255.255", REACH_PUBLIC },
        { "192.168.0.1", REACH_PRIVATE },
        { "192.169.0.0", REACH_PUBLIC },
        { "198.17.255.255", REACH_PUBLIC },
        { "198.18.0.0", REACH_PRIVATE },
        { "198.20.0.0", REACH_PUBLIC },
        { "203.0.113.80", REACH_PUBLIC },
        { "2606:4700::1111", REACH_PUBLIC },
        { "::1", REACH_PRIVATE },
        { "fc00::1", REACH_PRIVATE },
        { "fdff::1", REACH_PRIVATE },
        { "fe80::1", REACH_PRIVATE },
        { "febf::1", REACH_PRIVATE },
        { "fec0::1", REACH_PRIVATE },
        { "2001:0:1::1", REACH_PRIVATE },
        { "2001:1ff::1", REACH_PRIVATE },
        { "2001:200::1", REACH_PUBLIC },
        { "3fff:ffff::1", REACH_PUBLIC },
    };
    static const struct attached none;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (reach_of(&none, rows[i].text) != rows[i].reach)
            fail_msg("%s is judged %d", rows[i].text, reach_of(&none, rows[i].text));
}

static void some_are_reached_under_no_policy(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192",
        "168.63.129.16",   "0.0.0.0",       "0.1.2.3",         "224.0.0.1",
        "239.1.1.1",       "240.0.0.1",     "255.255.255.255", "::",
        "fd00:ec2::254",   "fd20:ce::254",  "ff02::1",         "::10.0.0.1",
        "::127.0.0.1",     "4000::1",       "5f00::1",         "100::1",
    };
    static const struct attached none;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (reach_of(&none, texts[i]) != REACH_NEVER)
            fail_msg("%s is judged %d", texts[i], reach_of(&none, texts[i]));
}

static void an_address_inside_an_address_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum reach reach;
    } rows[] = {
        { "::ffff:127.0.0.1", REACH_PRIVATE },
        { "::ffff:169.254.169.254", REACH_NEVER },
        { "::ffff:1.1.1.1", REACH_PUBLIC },
        { "::ffff:0:10.0.0.1", REACH_PRIVATE },
        { "64:ff9b::10.0.0.1", REACH_PRIVATE },
        { "64:ff9b::169.254.169.254", REACH_NEVER },
        { "64:ff9b::1.1.1.1", REACH_PUBLIC },
        { "64:ff9b:1::1.1.1.1", REACH_PRIVATE },
        { "2002:7f00:1::", REACH_PRIVATE },
        { "2002:a9fe:a9fe::1", REACH_NEVER },
        { "2002:101:101::", REACH_PUBLIC },
        { "2606:4700::5efe:192.168.0.1", REACH_PRIVATE },
        { "2606:4700::200:5efe:169.254.169.254", REACH_NEVER },
        { "fe80::5efe:1.1.1.1", REACH_PRIVATE },
    };
    static const struct attached none;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (reach_of(&none, rows[i].text) != rows[i].reach)
            fail_msg("%s is judged %d", rows[i].text, reach_of(&none, rows[i].text));
}

static void the_hosts_own_network_is_not_the_internet(void **state)
{
    (void)state;
    const struct attached attached = {
        .networks = { { .prefix = { [10] = 0xff, 0xff, 203, 0, 113, 7 }, .bits = 96 + 26 },
                      { .prefix = { 0x26, 0x06, 0x47, 0x00, [7] = 1, [15] = 9 }, .bits = 64 } },
        .count = 2,
    };
    assert_int_equal(reach_of(&attached, "203.0.113.7"), REACH_PRIVATE);
    assert_int_equal(reach_of(&attached, "203.0.113.63"), REACH_PRIVATE);
    assert_int_equal(reach_of(&attached, "203.0.113.64"), REACH_PUBLIC);
    assert_int_equal(reach_of(&attached, "::ffff:203.0.113.7"), REACH_PRIVATE);
    assert_int_equal(reach_of(&attached, "2002:cb00:7107::1"), REACH_PRIVATE);
    assert_int_equal(reach_of(&attached, "2606:4700:0:1::1"), REACH_PRIVATE);
    assert_int_equal(reach_of(&attached, "2606:4700:0:2::1"), REACH_PUBLIC);
}

static void this_hosts_own_addresses_are_found(void **state)
{
    (void)state;
    static struct attached attached;
    assert_int_equal(attached_read(&attached), 0);
    struct ifaddrs *all = NULL;
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        const char *why;
        if (at->ifa_addr &&
            (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6))
            assert_int_not_equal(address_reach(&attached, at->ifa_addr, &why), REACH_PUBLIC);
    }
    freeifaddrs(all);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_range_has_its_edges),
    cmocka_unit_test(some_are_reached_under_no_policy),
    cmocka_unit_test(an_address_inside_an_address_counts),
    cmocka_unit_test(the_hosts_own_network_is_not_the_internet),
    cmocka_unit_test(this_hosts_own_addresses_are_found),
};

UNIT_MAIN(tests)
