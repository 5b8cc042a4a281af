/* SPDX-License-Identifier: Apache-2.0 */
/* http_head.c - may this be the head of a request? */
#include "http_head.h"

#include <string.h>
#include <strings.h>

#include "str.h"

/* One line, without its end. */
struct piece {
    const char *at;
    size_t len;
};

/* RFC 9110, 5.6.2. */
static bool is_token(struct piece piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        unsigned char c = (unsigned char)piece.at[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return piece.len > 0;
}

/* Visible characters, blanks, tabs, and bytes beyond ASCII. */
static bool is_value(struct piece piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        unsigned char c = (unsigned char)piece.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool same(struct piece piece, const char *name)
{
    return piece.len == strlen(name) && strncasecmp(piece.at, name, piece.len) == 0;
}

static bool exactly(struct piece piece, const char *text)
{
    return piece.len == strlen(text) && memcmp(piece.at, text, piece.len) == 0;
}

static struct piece trim(struct piece piece)
{
    while (piece.len > 0 && (*piece.at == ' ' || *piece.at == '\t'))
        piece.at++, piece.len--;
    while (piece.len > 0 && (piece.at[piece.len - 1] == ' ' || piece.at[piece.len - 1] == '\t'))
        piece.len--;
    return piece;
}

/* Up to `end`, which *rest goes behind; false where it does not come. */
static bool cut(struct piece *rest, const char *end, struct piece *ret)
{
    const char *found = memmem(rest->at, rest->len, end, strlen(end));
    if (!found)
        return false;
    *ret = (struct piece){ rest->at, (size_t)(found - rest->at) };
    rest->len -= ret->len + strlen(end);
    rest->at = found + strlen(end);
    return true;
}

/* --- the request line ----------------------------------------------------------------- */

/* What libevent knows the names of; who is asked decides which he allows. */
static const char *const methods[] = { "GET",    "POST",    "HEAD",  "PUT",
                                       "DELETE", "OPTIONS", "TRACE", "PATCH" };

/* The absolute form must be taken too (RFC 9112, 3.2.2), and its authority then be the Host. */
static bool is_target(struct piece target, struct piece *authority)
{
    for (size_t i = 0; i < target.len; i++)
        if ((unsigned char)target.at[i] <= ' ' || (unsigned char)target.at[i] >= 0x7f)
            return false;
    static const char *const schemes[] = { "http://", "https://" };
    for (size_t i = 0; i < COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (target.len <= len || strncasecmp(target.at, schemes[i], len) != 0)
            continue;
        *authority = (struct piece){ target.at + len, target.len - len };
        const char *slash = memchr(authority->at, '/', authority->len);
        if (slash)
            authority->len = (size_t)(slash - authority->at);
        return slash && authority->len > 0;
    }
    return target.len > 0 && target.at[0] == '/';
}

static int read_version(struct piece version, struct http_head *head)
{
    head->v10 = exactly(version, "HTTP/1.0");
    if (head->v10 || exactly(version, "HTTP/1.1"))
        return 0;
    bool other = version.len == 8 && memcmp(version.at, "HTTP/", 5) == 0 && version.at[5] >= '0' &&
                 version.at[5] <= '9' && version.at[6] == '.' && version.at[7] >= '0' &&
                 version.at[7] <= '9';
    return other ? 505 : 400;
}

static int read_request_line(struct piece line, struct http_head *head, struct piece *authority)
{
    struct piece method, target, version;
    if (!cut(&line, " ", &method) || !cut(&line, " ", &target) || !is_token(method))
        return 400;
    version = line;
    int status = read_version(version, head);
    if (status)
        return status;
    for (size_t i = 0; i < COUNT(methods); i++)
        if (exactly(method, methods[i]))
            return is_target(target, authority) ? 0 : 400;
    return 501;
}

/* --- headers ---------------------------------------------------------------------------- */

struct seen {
    unsigned host, length, encoding, expect;
    struct piece host_value;
};

static int read_length(struct piece value, uint64_t body_max, struct http_head *head)
{
    if (value.len == 0)
        return 400;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return 400;
        if (head->length <= body_max) /* no more than that is of interest, and it cannot overflow */
            head->length = head->length * 10 + (uint64_t)(value.at[i] - '0');
    }
    return 0;
}

static int read_header(struct piece line, uint64_t body_max, struct http_head *head,
                       struct seen *seen)
{
    struct piece name, value;
    if (!cut(&line, ":", &name) || !is_token(name))
        return 400;
    value = trim(line);
    if (!is_value(value))
        return 400;
    if (same(name, "Host")) {
        seen->host++;
        seen->host_value = value;
    } else if (same(name, "Content-Length")) {
        return seen->length++ ? 400 : read_length(value, body_max, head);
    } else if (same(name, "Transfer-Encoding")) {
        head->chunked = same(value, "chunked");
        return seen->encoding++ ? 400 : head->chunked ? 0 : 501;
    } else if (same(name, "Expect")) {
        return seen->expect++ ? 400 : same(value, "100-continue") ? 0 : 417;
    }
    return 0;
}

/* What the lines say together. */
static int judge(const struct http_head *head, const struct seen *seen, struct piece authority,
                 uint64_t body_max)
{
    if (seen->host > 1 || (seen->host == 0 && !head->v10))
        return 400;
    if (authority.len > 0 && (seen->host_value.len != authority.len ||
                              strncasecmp(seen->host_value.at, authority.at, authority.len) != 0))
        return 400;
    /* Two readers of both would not agree where the next request begins (RFC 9112, 6.1). */
    if (seen->encoding && (seen->length || head->v10))
        return 400;
    return head->length > body_max ? 413 : 0;
}

int http_head_read(const char *text, size_t len, uint64_t body_max, struct http_head *ret)
{
    struct piece rest = { text, len }, line, authority = { 0 };
    struct http_head head = { 0 };
    struct seen seen = { 0 };
    if (!cut(&rest, "\r\n", &line))
        return 400;
    int status = is_value(line) ? read_request_line(line, &head, &authority) : 400;
    while (status == 0 && cut(&rest, "\r\n", &line) && line.len > 0) {
        status = read_header(line, body_max, &head, &seen);
        if (++head.lines > HTTP_LINES_MAX)
            status = 431;
    }
    if (status == 0)
        status = judge(&head, &seen, authority, body_max);
    if (status == 0)
        *ret = head;
    return status;
}

int http_head_begun(const char *text, size_t len, size_t more)
{
    struct piece rest = { text, len }, line, authority = { 0 };
    struct http_head head = { 0 };
    if (len > 0 && !is_token((struct piece){ text, 1 }))
        return 400; /* such as what begins TLS */
    for (size_t i = len - more; i < len; i++)
        if (text[i] == '\0' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')))
            return 400;
    if (!cut(&rest, "\r\n", &line) || line.len + 2 < len - more)
        return 0;
    return is_value(line) ? read_request_line(line, &head, &authority) : 400;
}
