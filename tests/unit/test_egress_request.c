/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "egress_request.h"
#include "unit.h"

static enum request_verdict parse(const char *text, struct proxy_request *ret, int *status)
{
    struct request_fault fault = { 0 };
    enum request_verdict verdict = request_parse(text, strlen(text), ret, &fault);
    *status = fault.status;
    return verdict;
}

static void assert_forwards(const char *text, const struct request_upstream *upstream,
                            const char *expected)
{
    struct proxy_request request;
    int status;
    autostr struct str out = { 0 };
    if (parse(text, &request, &status) != REQUEST_WHOLE)
        fail_msg("refused with %d: %s", status, text);
    request_forward(&request, upstream, &out);
    assert_string_equal(out.data, expected);
}

static void a_tunnel_names_a_host_and_a_port(void **state)
{
    (void)state;
    struct proxy_request request;
    int status;
    const char *text = "CONNECT Example.org:443 HTTP/1.1\r\nHost: other.org\r\n\r\nrest";
    assert_int_equal(parse(text, &request, &status), REQUEST_WHOLE);
    assert_true(request.tunnel);
    assert_string_equal(request.to.name, "example.org");
    assert_int_equal(request.to.port, 443);
    assert_string_equal(text + request.head_len, "rest");
    assert_int_equal(parse("CONNECT [::1]:80 HTTP/1.0\r\n\r\n", &request, &status), REQUEST_WHOLE);
    assert_string_equal(request.to.name, "::1");
}

static void a_plain_request_goes_on_in_origin_form(void **state)
{
    (void)state;
    assert_forwards("GET http://example.org HTTP/1.1\r\n\r\n", NULL,
                    "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    assert_forwards("GET HTTP://Example.ORG:8080?q=1 HTTP/1.0\r\n\r\n", NULL,
                    "GET /?q=1 HTTP/1.0\r\nHost: example.org:8080\r\nConnection: close\r\n\r\n");
    assert_forwards("POST http://[2001:db8::1]/a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", NULL,
                    "POST /a HTTP/1.1\r\nHost: [2001:db8::1]\r\nConnection: close\r\n"
                    "Content-Length: 3\r\n\r\n");
}

static void what_was_meant_for_a_proxy_stays_here(void **state)
{
    (void)state;
    assert_forwards("GET http://example.org/ HTTP/1.1\r\n"
                    "Host: internal.example\r\n"
                    "Proxy-Authorization: Basic c2VjcmV0\r\n"
                    "Connection: keep-alive, X-Hop, content-length\r\n"
                    "x-hop: 1\r\n"
                    "Upgrade: h2c\r\n"
                    "Content-Length: 2\r\n"
                    "Accept: */*\r\n\r\n",
                    NULL,
                    "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n"
                    "Content-Length: 2\r\nAccept: */*\r\n\r\n");
}

static void another_proxy_gets_its_own_form_and_credentials(void **state)
{
    (void)state;
    const struct request_upstream upstream = { .authorization = "Basic dTpw" }, open = { NULL };
    assert_forwards("CONNECT example.org:443 HTTP/1.1\r\nUser-Agent: x\r\n\r\n", &upstream,
                    "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
                    "Proxy-Authorization: Basic dTpw\r\n\r\n");
    assert_forwards("GET http://example.org/a?b HTTP/1.1\r\nProxy-Authorization: mine\r\n\r\n",
                    &open,
                    "GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\n"
                    "Connection: close\r\n\r\n");
}

static void what_two_parsers_could_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } rows[] = {
        { "GET / HTTP/1.1\r\n\r\n", 501 },
        { "GET example.org HTTP/1.1\r\n\r\n", 501 },
        { "GET https://example.org/ HTTP/1.1\r\n\r\n", 501 },
        { "GET ftp://example.org/ HTTP/1.1\r\n\r\n", 501 },
        { "GET file:///etc/passwd HTTP/1.1\r\n\r\n", 501 },
        { "GET http://user@example.org/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://good.org@evil.org/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://good.org#@evil.org/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://good.org\\@evil.org/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http:///a HTTP/1.1\r\n\r\n", 400 },
        { "GET http://127.1/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://2130706433/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://0x7f000001/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://a.b/#c HTTP/1.1\r\n\r\n", 400 },
        { "GET http://a.b/ c HTTP/1.1\r\n\r\n", 400 },
        { "GET  http://a.b/ HTTP/1.1\r\n\r\n", 400 },
        { " GET http://a.b/ HTTP/1.1\r\n\r\n", 400 },
        { "\r\nGET http://a.b/ HTTP/1.1\r\n\r\n", 400 },
        { "GET http://a.b/\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/2.0\r\n\r\n", 505 },
        { "GET http://a.b/ HTTP/1.2\r\n\r\n", 505 },
        { "GET\thttp://a.b/ HTTP/1.1\r\n\r\n", 400 },
        { "TRACE http://a.b/ HTTP/1.1\r\n\r\n", 405 },
        { "get http://a.b/ HTTP/1.1\r\n\r\n", 405 },
        { "AVERYLONGMETHODINDEED http://a.b/ HTTP/1.1\r\n\r\n", 405 },
        { "CONNECT example.org HTTP/1.1\r\n\r\n", 400 },
        { "CONNECT example.org:0 HTTP/1.1\r\n\r\n", 400 },
        { "CONNECT *.example.org:443 HTTP/1.1\r\n\r\n", 400 },
        { "CONNECT http://example.org:443 HTTP/1.1\r\n\r\n", 400 },
        { "CONNECT example.org:443/ HTTP/1.1\r\n\r\n", 400 },
        { "CONNECT ::1:80 HTTP/1.1\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nA : b\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\n: b\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nnonsense\r\n\r\n", 400 },
        { "GET http://a.b/ HTTP/1.1\r\nA: \x01\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          411 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length:\r\n\r\n", 400 },
        { "POST http://a.b/ HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxy_request request;
        int status;
        if (parse(rows[i].text, &request, &status) != REQUEST_BAD || status != rows[i].status)
            fail_msg("%d: %s", status, rows[i].text);
    }
}

static void a_head_comes_in_pieces_and_has_an_end(void **state)
{
    (void)state;
    static const char head[] = "GET http://a.b/ HTTP/1.1\r\nA: b\r\n\r\n";
    struct proxy_request request;
    struct request_fault fault;
    for (size_t len = 0; len < strlen(head); len++)
        assert_int_equal(request_parse(head, len, &request, &fault), REQUEST_MORE);
    assert_int_equal(request_parse(head, strlen(head), &request, &fault), REQUEST_WHOLE);

    char endless[REQUEST_HEAD_MAX];
    memset(endless, 'a', sizeof(endless));
    assert_int_equal(request_parse(endless, sizeof(endless) - 1, &request, &fault), REQUEST_MORE);
    assert_int_equal(request_parse(endless, sizeof(endless), &request, &fault), REQUEST_BAD);
    assert_int_equal(fault.status, 431);

    autostr struct str many = { 0 };
    str_puts(&many, "GET http://a.b/ HTTP/1.1\r\n");
    for (int i = 0; i <= REQUEST_HEADERS_MAX; i++)
        str_puts(&many, "A: b\r\n");
    str_puts(&many, "\r\n");
    assert_int_equal(request_parse(many.data, many.len, &request, &fault), REQUEST_BAD);
    assert_int_equal(fault.status, 431);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_tunnel_names_a_host_and_a_port),
    cmocka_unit_test(a_plain_request_goes_on_in_origin_form),
    cmocka_unit_test(what_was_meant_for_a_proxy_stays_here),
    cmocka_unit_test(another_proxy_gets_its_own_form_and_credentials),
    cmocka_unit_test(what_two_parsers_could_read_in_two_ways_is_refused),
    cmocka_unit_test(a_head_comes_in_pieces_and_has_an_end),
};

UNIT_MAIN(tests)
