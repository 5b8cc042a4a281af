/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request as a box may send it, whole and in pieces; and what goes on of it. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "egress_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What goes on is a head with one end, one Host and at most one length, for the
 * host that was judged. */
static void check_forwarded(const struct proxy_request *request)
{
    autostr struct str out = { 0 };
    request_forward(request, NULL, &out);
    assert(memmem(out.data, out.len, "\r\n\r\n", 4) == out.data + out.len - 4);
    assert(!memchr(out.data, '\0', out.len));
    size_t hosts = 0, lengths = 0;
    for (const char *line = strstr(out.data, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        hosts += strncasecmp(line + 2, "host:", 5) == 0;
        lengths += strncasecmp(line + 2, "content-length:", 15) == 0;
        assert(strncasecmp(line + 2, "transfer-encoding:", 18) != 0);
        assert(strncasecmp(line + 2, "proxy-authorization:", 20) != 0);
    }
    assert(hosts == 1 && lengths <= 1 && (lengths == 1 || request->body_len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_request request, early;
    struct request_fault fault = { 0 };
    enum request_verdict verdict = request_parse((const char *)data, size, &request, &fault);
    if (verdict == REQUEST_BAD)
        assert(fault.status >= 400 && fault.reason && fault.text);
    if (verdict != REQUEST_WHOLE)
        return 0;
    assert(request.head_len <= size && request.head_len <= REQUEST_HEAD_MAX);
    assert(request.to.port != 0 && request.to.kind != HOST_BELOW);
    assert(request_parse((const char *)data, request.head_len - 1, &early, &fault) == REQUEST_MORE);
    check_forwarded(&request);
    return 0;
}
