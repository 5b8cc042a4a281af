/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "host.h"
#include "unit.h"

static void hosts_are_read_in_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        enum host_kind kind;
        uint16_t port;
    } rows[] = {
        { "example.org", "example.org", HOST_NAMED, 0 },
        { "Example.ORG.", "example.org", HOST_NAMED, 0 },
        { "example.org:8443", "example.org", HOST_NAMED, 8443 },
        { "localhost:65535", "localhost", HOST_NAMED, 65535 },
        { "a_b-c.example.x1", "a_b-c.example.x1", HOST_NAMED, 0 },
        { "3f2a9b1c", "3f2a9b1c", HOST_NAMED, 0 },
        { "*.example.org", "*.example.org", HOST_BELOW, 0 },
        { "*.example.org:1", "*.example.org", HOST_BELOW, 1 },
        { "192.0.2.7", "192.0.2.7", HOST_IPV4, 0 },
        { "192.0.2.7:80", "192.0.2.7", HOST_IPV4, 80 },
        { "[2001:DB8:0::7]", "2001:db8::7", HOST_IPV6, 0 },
        { "[::ffff:192.0.2.7]:443", "::ffff:192.0.2.7", HOST_IPV6, 443 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct host host;
        char again[HOST_PRINT_MAX];
        struct host twice;
        if (!host_parse(rows[i].text, strlen(rows[i].text), &host))
            fail_msg("%s is not taken", rows[i].text);
        assert_string_equal(host.name, rows[i].name);
        assert_int_equal(host.kind, rows[i].kind);
        assert_int_equal(host.port, rows[i].port);
        host_print(host.name, host.port, again);
        assert_true(host_parse(again, strlen(again), &twice));
        assert_memory_equal(&host, &twice, sizeof(host));
    }
}

static void what_could_be_read_in_two_ways_is_no_host(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a b",
        "a\tb",
        "a/b",
        "a@b",
        "a:b",
        "a:",
        ":80",
        "a:0",
        "a:080",
        "a:65536",
        "a:+1",
        "a:1:2",
        "127.1",
        "1",
        "0x7f000001",
        "017700000001",
        "0x7f.1",
        "127.0.0.1.",
        "127.0.0.256",
        "127.0.0.01",
        "example.1",
        "1.2.3.4.5",
        "*.org",
        "*",
        "*.",
        "a.*.b",
        "**.a.b",
        "*.127.0.0.1",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "[]",
        "a%2eb",
        "a\\b",
        "\xc3\xa9.org",
        "x#y",
        "http://a.b",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct host host;
        if (host_parse(texts[i], strlen(texts[i]), &host))
            fail_msg("\"%s\" is taken for %s", texts[i], host.name);
    }
    struct host host;
    assert_false(host_parse("a\0b", 3, &host));
    char text[400];
    memset(text, 'a', sizeof(text));
    for (size_t i = 50; i < sizeof(text); i += 51)
        text[i] = '.';
    assert_true(host_parse(text, HOST_TEXT_MAX, &host));
    assert_false(host_parse(text, HOST_TEXT_MAX + 1, &host));
    assert_false(host_parse(text, sizeof(text), &host));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(hosts_are_read_in_one_spelling),
    cmocka_unit_test(what_could_be_read_in_two_ways_is_no_host),
};

UNIT_MAIN(tests)
