/* SPDX-License-Identifier: Apache-2.0 */
/* egress_request.c - the head of a request to a proxy. */
#include "egress_request.h"

#include <string.h>
#include <strings.h>

#define PORT_HTTP 80

/* A stranger's bytes, taken from the front. */
struct cursor {
    const char *at, *end;
};

enum fault {
    NO_FAULT = -1,
    FAULT_SYNTAX,
    FAULT_HEADER,
    FAULT_HOST,
    FAULT_BODY,
    FAULT_METHOD,
    FAULT_LENGTH,
    FAULT_SCHEME,
    FAULT_VERSION,
    FAULT_LARGE,
};

static const struct request_fault faults[] = {
    [FAULT_SYNTAX] = { 400, "Bad Request", "the request is not one a proxy understands" },
    [FAULT_HEADER] = { 400, "Bad Request", "a header line of the request is malformed" },
    [FAULT_HOST] = { 400, "Bad Request", "the request does not name a host that can be" },
    [FAULT_BODY] = { 400, "Bad Request", "the request does not say once how long its body is" },
    [FAULT_METHOD] = { 405, "Method Not Allowed", "this method does not pass" },
    [FAULT_LENGTH] = { 411, "Length Required", "a body needs a Content-Length" },
    [FAULT_SCHEME] = { 501, "Not Implemented", "only CONNECT and http:// addresses pass" },
    [FAULT_VERSION] = { 505, "HTTP Version Not Supported", "only HTTP/1.0 and HTTP/1.1 pass" },
    [FAULT_LARGE] = { 431, "Request Header Fields Too Large",
                      "the head of the request is too long" },
};

static enum request_verdict bad(struct request_fault *fault, enum fault which)
{
    *fault = faults[which];
    return REQUEST_BAD;
}

/* token (RFC 9110, 5.6.2) */
static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && is_token(*at))
        at++;
    return (size_t)(at - from);
}

/* One line without its CRLF; a bare CR or LF is no end and no part of one. */
static bool take_line(struct cursor *in, const char **line, size_t *len)
{
    const char *end = in->at;
    while (end < in->end && *end != '\r' && *end != '\n')
        end++;
    if (in->end - end < 2 || end[0] != '\r' || end[1] != '\n')
        return false;
    *line = in->at;
    *len = (size_t)(end - in->at);
    in->at = end + 2;
    return true;
}

/* --- the request line --------------------------------------------------------------- */

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

static bool method_passes(const char *method)
{
    for (size_t i = 0; i < COUNT(methods); i++)
        if (strcmp(methods[i], method) == 0)
            return true;
    return false;
}

static bool authority(const char *text, size_t len, struct host *to)
{
    return host_parse(text, len, to) && to->kind != HOST_BELOW;
}

/* "http://host[:port]/path": no user information, no fragment. */
static enum fault absolute_form(const char *target, size_t len, struct proxy_request *ret)
{
    static const char scheme[] = "http://";
    const size_t skip = sizeof(scheme) - 1;
    if (len < skip || strncasecmp(target, scheme, skip) != 0)
        return FAULT_SCHEME;
    const char *host = target + skip, *end = target + len, *path = host;
    while (path < end && *path != '/' && *path != '?')
        path++;
    if (!authority(host, (size_t)(path - host), &ret->to))
        return FAULT_HOST;
    if (ret->to.port == 0)
        ret->to.port = PORT_HTTP;
    ret->path = path;
    ret->path_len = (size_t)(end - path);
    return memchr(path, '#', ret->path_len) ? FAULT_SYNTAX : NO_FAULT;
}

static enum fault request_line(const char *line, size_t len, struct proxy_request *ret)
{
    const char *end = line + len;
    size_t method = token_len(line, end);
    if (method == 0 || method == len || line[method] != ' ')
        return FAULT_SYNTAX;
    if (method >= sizeof(ret->method))
        return FAULT_METHOD;
    memcpy(ret->method, line, method);

    const char *target = line + method + 1, *space = target;
    while (space<end && * space> ' ' && *space < 0x7f)
        space++;
    if (space == target || space == end || *space != ' ')
        return FAULT_SYNTAX;
    size_t version = (size_t)(end - space - 1);
    if (version != 8 || memcmp(space + 1, "HTTP/1.", 7) != 0 ||
        (space[8] != '0' && space[8] != '1'))
        return version >= 5 && memcmp(space + 1, "HTTP/", 5) == 0 ? FAULT_VERSION : FAULT_SYNTAX;

    ret->minor = space[8];
    size_t target_len = (size_t)(space - target);
    ret->tunnel = strcmp(ret->method, "CONNECT") == 0;
    if (ret->tunnel)
        return authority(target, target_len, &ret->to) && ret->to.port ? NO_FAULT : FAULT_HOST;
    return method_passes(ret->method) ? absolute_form(target, target_len, ret) : FAULT_METHOD;
}

/* --- header lines -------------------------------------------------------------------- */

static bool header_named(const struct request_header *header, const char *name)
{
    return strlen(name) == header->name_len &&
           strncasecmp(header->line, name, header->name_len) == 0;
}

/* The value without the blanks around it. */
static const char *header_value(const struct request_header *header, size_t *len)
{
    const char *at = header->line + header->name_len + 1, *end = header->line + header->len;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *len = (size_t)(end - at);
    return at;
}

static bool header_line(const char *line, size_t len, struct request_header *ret)
{
    *ret = (struct request_header){ .line = line,
                                    .len = len,
                                    .name_len = token_len(line, line + len) };
    /* A line that begins with a blank would go on with the one before (obs-fold). */
    if (ret->name_len == 0 || ret->name_len == len || line[ret->name_len] != ':')
        return false;
    for (size_t i = ret->name_len + 1; i < len; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return false;
    return true;
}

static bool length_parse(const struct request_header *header, uint64_t *ret)
{
    size_t len;
    const char *value = header_value(header, &len);
    uint64_t number = 0;
    if (len == 0 || len > 18) /* below 2^63 */
        return false;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    *ret = number;
    return true;
}

/* How much follows (RFC 9112, 6.3). */
static enum fault body_length(struct proxy_request *ret)
{
    bool known = false;
    for (size_t i = 0; i < ret->header_count; i++) {
        const struct request_header *header = &ret->headers[i];
        if (header_named(header, "Transfer-Encoding"))
            return FAULT_LENGTH;
        if (!header_named(header, "Content-Length"))
            continue;
        if (known || !length_parse(header, &ret->body_len))
            return FAULT_BODY;
        known = true;
    }
    return NO_FAULT;
}

/* --- the whole ------------------------------------------------------------------------ */

static const char *find_end(const char *bytes, size_t len)
{
    return memmem(bytes, len, "\r\n\r\n", 4);
}

enum request_verdict request_parse(const char *bytes, size_t len, struct proxy_request *ret,
                                   struct request_fault *fault)
{
    const char *end = find_end(bytes, len < REQUEST_HEAD_MAX ? len : REQUEST_HEAD_MAX);
    if (!end)
        return len < REQUEST_HEAD_MAX ? REQUEST_MORE : bad(fault, FAULT_LARGE);
    struct proxy_request request = { .head_len = (size_t)(end - bytes) + 4 };
    struct cursor in = { .at = bytes, .end = end + 2 };
    const char *line;
    size_t line_len;
    if (!take_line(&in, &line, &line_len))
        return bad(fault, FAULT_SYNTAX);
    enum fault wrong = request_line(line, line_len, &request);
    while (wrong == NO_FAULT && in.at < in.end) {
        if (request.header_count == REQUEST_HEADERS_MAX)
            wrong = FAULT_LARGE;
        else if (!take_line(&in, &line, &line_len) ||
                 !header_line(line, line_len, &request.headers[request.header_count]))
            wrong = FAULT_HEADER;
        else
            request.header_count++;
    }
    /* After the answer to a CONNECT come the tunnel's bytes: it has no body. */
    if (wrong == NO_FAULT && !request.tunnel)
        wrong = body_length(&request);
    if (wrong != NO_FAULT)
        return bad(fault, wrong);
    *ret = request;
    return REQUEST_WHOLE;
}

/* --- what goes on ---------------------------------------------------------------------- */

/* Between the box and us alone (RFC 9110, 7.6.1), or said by us instead. */
static const char *const dropped[] = { "Connection",
                                       "Proxy-Connection",
                                       "Proxy-Authorization",
                                       "Proxy-Authenticate",
                                       "Keep-Alive",
                                       "TE",
                                       "Trailer",
                                       "Upgrade",
                                       "Host" };

static bool header_passes(const struct proxy_request *request, const struct request_header *header)
{
    for (size_t i = 0; i < COUNT(dropped); i++)
        if (header_named(header, dropped[i]))
            return false;
    if (header_named(header, "Content-Length"))
        return true; /* whatever Connection says: the body goes on as well */
    /* What a Connection header names is for the next hop alone, too. */
    for (size_t i = 0; i < request->header_count; i++) {
        if (!header_named(&request->headers[i], "Connection"))
            continue;
        size_t len;
        const char *at = header_value(&request->headers[i], &len), *end = at + len;
        for (; at < end; at++) {
            size_t word = token_len(at, end);
            if (word == header->name_len && strncasecmp(at, header->line, word) == 0)
                return false;
            at += word;
        }
    }
    return true;
}

void request_forward(const struct proxy_request *request, const struct request_upstream *upstream,
                     struct str *out)
{
    char host[HOST_PRINT_MAX];
    bool usual = !request->tunnel && request->to.port == PORT_HTTP;
    host_print(request->to.name, usual ? 0 : request->to.port, host);
    if (request->tunnel) {
        str_printf(out, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", host, host);
    } else {
        bool slash = request->path_len == 0 || *request->path != '/';
        str_printf(out, "%s %s%s%s", request->method, upstream ? "http://" : "",
                   upstream ? host : "", slash ? "/" : "");
        str_add(out, request->path, request->path_len);
        str_printf(out, " HTTP/1.%c\r\nHost: %s\r\nConnection: close\r\n", request->minor, host);
    }
    if (upstream && upstream->authorization)
        str_printf(out, "Proxy-Authorization: %s\r\n", upstream->authorization);
    for (size_t i = 0; !request->tunnel && i < request->header_count; i++) {
        if (!header_passes(request, &request->headers[i]))
            continue;
        str_add(out, request->headers[i].line, request->headers[i].len);
        str_puts(out, "\r\n");
    }
    str_puts(out, "\r\n");
}
