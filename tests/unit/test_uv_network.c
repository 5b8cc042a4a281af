/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "unit.h"
#include "uv_network.h"

static char *text(const char *constant)
{
    return (char *)(uintptr_t)constant;
}

static void the_hosts_of_a_setting_are_those_of_its_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hosts;
    } rows[] = {
        { "https://example.org/simple", "example.org:443" },
        { "http://example.org/simple", "example.org:80" },
        { "corp=https://bob:p%40ss@Index.corp:8443/simple http://[2001:db8::1]:81",
          "index.corp:8443 [2001:db8::1]:81" },
        { "https://a.test,https://a.test/x?y=https://b.test", "a.test:443 b.test:443" },
        { "[[index]]\nurl = \"https://c.test/simple\" # not 'http://d.test'\n",
          "c.test:443 d.test:80" },
        { "file:///srv/wheels ftp://e.test ssh://f.test ://g.test", "" },
        { "https://*.h.test https://127.1 https:// https://i..j", "" },
        { "https://good.test@evil.test/", "evil.test:443" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        autolist char **hosts = NULL;
        autostr struct str joined = { 0 };
        uv_hosts_find(rows[i].text, &hosts);
        for (size_t n = 0; hosts && hosts[n]; n++)
            str_printf(&joined, "%s%s", n ? " " : "", hosts[n]);
        assert_string_equal(joined.data ? joined.data : "", rows[i].hosts);
    }
}

static void the_operators_proxy_is_taken_apart(void **state)
{
    (void)state;
    struct egress_order order = { 0 };
    struct error err = { 0 };
    char *const env[] = { text("HTTPS_PROXY=http://al%69ce:p%3Ass@proxy.corp:3128/"),
                          text("ALL_PROXY=10.0.0.1:8080"), text("NO_PROXY=.corp, a.test"), NULL };
    assert_ok(uv_upstreams_find(env, &order, &err), &err);
    assert_string_equal(order.tunnel.host, "proxy.corp");
    assert_int_equal(order.tunnel.port, 3128);
    assert_string_equal(order.tunnel.authorization, "Basic YWxpY2U6cDpzcw==");
    assert_string_equal(order.plain.host, "10.0.0.1");
    assert_int_equal(order.plain.port, 8080);
    assert_null(order.plain.authorization);
    assert_string_equal(order.direct[0], ".corp");
    assert_string_equal(order.direct[1], "a.test");
    assert_null(order.direct[2]);
    egress_order_done(&order);
}

static void without_a_proxy_there_is_none(void **state)
{
    (void)state;
    struct egress_order order = { 0 };
    struct error err = { 0 };
    char *const env[] = { text("HTTPS_PROXY="), text("PROXY=http://a.test"), NULL };
    assert_ok(uv_upstreams_find(env, &order, &err), &err);
    assert_null(order.tunnel.host);
    assert_null(order.plain.host);
    egress_order_done(&order);
}

static void a_proxy_that_is_not_understood_is_said_without_its_password(void **state)
{
    (void)state;
    static const char *const values[] = { "HTTPS_PROXY=https://bob:canary@a.test",
                                          "ALL_PROXY=socks5://bob:canary@a.test:1080",
                                          "http_proxy=http://bob:canary@not..a.host" };
    for (size_t i = 0; i < COUNT(values); i++) {
        struct egress_order order = { 0 };
        struct error err = { 0 };
        char *const env[] = { text(values[i]), NULL };
        assert_true(uv_upstreams_find(env, &order, &err) < 0);
        assert_null(strstr(err.text, "canary"));
        assert_int_equal(err.blame, BLAME_HOST);
        egress_order_done(&order);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_hosts_of_a_setting_are_those_of_its_addresses),
    cmocka_unit_test(the_operators_proxy_is_taken_apart),
    cmocka_unit_test(without_a_proxy_there_is_none),
    cmocka_unit_test(a_proxy_that_is_not_understood_is_said_without_its_password),
};

UNIT_MAIN(tests)
