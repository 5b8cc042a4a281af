/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "egress_order.h"
#include "unit.h"

static struct host host_of(const char *text)
{
    struct host host;
    if (!host_parse(text, strlen(text), &host))
        fail_msg("%s is no host", text);
    return host;
}

static void permit(struct egress_order *order, const char *text, bool inward)
{
    struct host host = host_of(text);
    egress_order_permit(order, host.name, host.port, inward);
}

static void a_rule_is_a_name_and_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *to;
        bool out;
    } rows[] = {
        { "a.test", "a.test:443", true },
        { "a.test", "a.test:80", true },
        { "a.test", "a.test:8080", false },
        { "a.test:8080", "a.test:8080", true },
        { "a.test:8080", "a.test:80", false },
        { "a.test", "b.a.test:80", false },
        { "a.test", "xa.test:80", false },
        { "*.a.test", "b.a.test:80", true },
        { "*.a.test", "c.b.a.test:443", true },
        { "*.a.test", "a.test:80", false },
        { "*.a.test", "xa.test:80", false },
        { "*.a.test:81", "b.a.test:80", false },
        { "192.0.2.1", "192.0.2.1:80", true },
        { "192.0.2.1", "192.0.2.2:80", false },
        { "[2001:db8::1]", "[2001:DB8:0::1]:80", true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct egress_order order = { 0 };
        struct host to = host_of(rows[i].to);
        permit(&order, rows[i].rule, false);
        if ((egress_order_rule(&order, &to) != NULL) != rows[i].out)
            fail_msg("%s by %s", rows[i].to, rows[i].rule);
        egress_order_done(&order);
    }
}

static void nothing_is_let_out_by_nothing(void **state)
{
    (void)state;
    const struct egress_order order = { 0 };
    const struct host to = host_of("a.test:443");
    assert_null(egress_order_rule(&order, &to));
    assert_null(egress_order_upstream(&order, &to, true));
}

static void the_widest_of_the_rules_that_hold_counts(void **state)
{
    (void)state;
    struct egress_order order = { 0 };
    const struct host to = host_of("a.test:443");
    permit(&order, "a.test:443", true);
    permit(&order, "a.test", false);
    permit(&order, "a.test", false);
    assert_int_equal(order.rule_count, 2);
    assert_true(egress_order_rule(&order, &to)->inward);
    egress_order_done(&order);
}

static void exceptions_are_read_as_curl_reads_them(void **state)
{
    (void)state;
    static const struct {
        const char *word, *to;
        bool direct;
    } rows[] = {
        { "a.test", "a.test:443", true },      { "a.test", "b.a.test:443", true },
        { ".a.test", "b.a.test:443", true },   { "*.a.test", "b.a.test:443", true },
        { "a.test", "xa.test:443", false },    { "a.test:80", "a.test:443", false },
        { "*", "b.test:443", true },           { "192.0.2.1", "192.0.2.1:443", true },
        { "127.0.0", "127.0.0.1:443", false }, { "", "a.test:443", false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct egress_order order = { .tunnel = { .host = xstrdup("proxy.test"), .port = 3128 } };
        const struct host to = host_of(rows[i].to);
        list_add(&order.direct, rows[i].word);
        if ((egress_order_upstream(&order, &to, true) == NULL) != rows[i].direct)
            fail_msg("%s by %s", rows[i].to, rows[i].word);
        assert_null(egress_order_upstream(&order, &to, false));
        egress_order_done(&order);
    }
}

static void an_order_travels_whole(void **state)
{
    (void)state;
    struct egress_order order = { .policy = "web",
                                  .tunnel = { .host = xstrdup("proxy.test"),
                                              .port = 3128,
                                              .authorization = xstrdup("Basic dTpw") },
                                  .cpu_ms = 5000 };
    struct egress_order back;
    struct error err;
    autostr struct str frame = { 0 };
    for (int i = 0; i < EGRESS_RULES_MAX; i++) {
        char name[HOST_TEXT_MAX + 1];
        (void)snprintf(name, sizeof(name), "%0*d.test", HOST_TEXT_MAX - 5, i);
        egress_order_permit(&order, name, (uint16_t)i, i % 2);
    }
    list_add(&order.direct, "a.test");
    assert_ok(egress_order_encode(&order, &frame, &err), &err);
    assert_ok(egress_order_decode(frame.data, frame.len, &back, &err), &err);
    assert_int_equal(back.rule_count, EGRESS_RULES_MAX);
    for (size_t i = 0; i < back.rule_count; i++) {
        assert_string_equal(back.rules[i].name, order.rules[i].name);
        assert_int_equal(back.rules[i].port, order.rules[i].port);
        assert_int_equal(back.rules[i].inward, order.rules[i].inward);
    }
    assert_string_equal(back.policy, "web");
    assert_string_equal(back.tunnel.authorization, "Basic dTpw");
    assert_null(back.plain.host);
    assert_string_equal(back.direct[0], "a.test");
    assert_int_equal(back.cpu_ms, 5000);
    for (size_t len = 0; len < 200; len++) {
        struct egress_order cut;
        assert_int_equal(egress_order_decode(frame.data, len, &cut, &err), -EBADMSG);
    }
    egress_order_permit(&order, "one.more", 0, false);
    assert_int_equal(egress_order_encode(&order, &frame, &err), -E2BIG);
    egress_order_done(&order);
    egress_order_done(&back);
}

static void what_was_denied_travels_back(void **state)
{
    (void)state;
    static struct outcome told, heard;
    struct error err;
    autostr struct str frame = { 0 };
    for (int i = 0; i < 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.test", i);
        outcome_deny(&told, DENIED_HOST, name, 2);
    }
    egress_denied_encode(&told, &frame);
    assert_true(egress_denied_decode(frame.data, frame.len, &heard));
    assert_int_equal(heard.denied_count, DENIED_MAX);
    assert_int_equal(heard.denied_unlisted, 2 * (100 - DENIED_MAX));
    assert_memory_equal(heard.denied, told.denied, sizeof(told.denied));
    assert_false(egress_denied_decode(frame.data, frame.len - 1, &heard));

    struct error why = { 0 };
    str_done(&frame);
    (void)fail_host_as(&why, EPERM, "close the cage: no");
    egress_fault_encode(&why, &frame);
    egress_fault_decode(frame.data, frame.len, &err);
    assert_string_equal(err.text, why.text);
    egress_fault_decode(frame.data, 3, &err);
    assert_string_equal(err.text, "it ended");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_rule_is_a_name_and_a_port),
    cmocka_unit_test(nothing_is_let_out_by_nothing),
    cmocka_unit_test(the_widest_of_the_rules_that_hold_counts),
    cmocka_unit_test(exceptions_are_read_as_curl_reads_them),
    cmocka_unit_test(an_order_travels_whole),
    cmocka_unit_test(what_was_denied_travels_back),
};

UNIT_MAIN(tests)
