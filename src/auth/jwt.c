/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.c - asking cordon-oauth, and what it said lately. */
#include "auth/jwt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "str.h"

/* A signature takes a tenth of a millisecond; who does not answer in this time is not there. */
#define PATIENCE_MS 5000

/* So long a token that is revoked goes on, and no longer than it is good. */
#define REMEMBERED_NS (60 * NS_PER_S)
#define REMEMBERED    64

struct answer {
    unsigned char hash[SHA256_DIGEST_LENGTH];
    uint64_t given_ns; /* 0: none */
    struct claims claims;
};

struct jwt {
    int socket; /* -1: it did not answer once, and is not asked any more */
    struct answer answers[REMEMBERED];
    size_t next;
};

struct jwt *jwt_new(int socket)
{
    struct jwt *jwt = xcalloc(1, sizeof(*jwt));
    jwt->socket = socket;
    (void)fcntl(socket, F_SETFL, O_NONBLOCK);
    return jwt;
}

void jwt_free(struct jwt *jwt)
{
    if (!jwt)
        return;
    own_close(&jwt->socket);
    free(jwt);
}

/* --- a line there, a line back ------------------------------------------------------------ */

static int lost(struct jwt *jwt, const char *why, struct error *err)
{
    own_close(&jwt->socket);
    jwt->socket = -1;
    return fail_host_as(err, EPIPE, "cordon-oauth %s; no JWT is accepted any more", why);
}

static bool send_all(int socket, const char *text, size_t len)
{
    while (len > 0) {
        struct pollfd ready = { .fd = socket, .events = POLLOUT };
        if (poll(&ready, 1, PATIENCE_MS) <= 0)
            return false;
        ssize_t n = write(socket, text, len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool receive_line(int socket, char line[JWT_ANSWER])
{
    size_t len = 0;
    while (len < JWT_ANSWER - 1) {
        struct pollfd ready = { .fd = socket, .events = POLLIN };
        if (poll(&ready, 1, PATIENCE_MS) <= 0)
            return false;
        ssize_t n = read(socket, line + len, JWT_ANSWER - 1 - len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return false;
        len += (size_t)n;
        if (line[len - 1] == '\n') {
            line[len - 1] = '\0';
            return strlen(line) == len - 1;
        }
    }
    return false;
}

/* What comes after "ok "; a "no" is the caller's fault, or the file's. */
static int ask(struct jwt *jwt, char kind, const char *text, size_t len, char line[JWT_ANSWER],
               const char **ret, struct error *err)
{
    if (jwt->socket < 0)
        return lost(jwt, "has not answered", err);
    autostr struct str order = { 0 };
    str_putc(&order, kind);
    str_putc(&order, ' ');
    str_add(&order, text, len);
    str_putc(&order, '\n');
    if (!send_all(jwt->socket, order.data, order.len) || !receive_line(jwt->socket, line))
        return lost(jwt, "does not answer", err);
    if (starts_with(line, "ok ")) {
        *ret = line + 3;
        return 0;
    }
    if (!starts_with(line, "no "))
        return lost(jwt, "answers what is no answer", err);
    char shown[200];
    return fail_caller(err, EACCES, "%s", printable(line + 3, shown, sizeof(shown)));
}

int jwt_keys(struct jwt *jwt, const char *text, size_t len, struct error *err)
{
    char line[JWT_ANSWER];
    const char *rest;
    if (len > JWKS_MOST)
        return fail_host_as(err, EFBIG, "%zu bytes; at most %zu are taken", len, JWKS_MOST);
    autofree char *one_line = xstrndup(text, len);
    for (char *c = one_line; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    int r = ask(jwt, 'k', one_line, strlen(one_line), line, &rest, err);
    err->blame = r < 0 ? BLAME_HOST : err->blame;
    if (r == 0)
        memset(jwt->answers, 0, sizeof(jwt->answers));
    return r;
}

/* --- answers -------------------------------------------------------------------------------- */

/* Up to the next tab, or the end. */
static bool take_field(const char **at, char *out, size_t room)
{
    size_t len = strcspn(*at, "\t");
    if (len >= room)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    *at += **at == '\t';
    return true;
}

static int read_claims(struct jwt *jwt, const char *rest, struct claims *ret, struct error *err)
{
    char *end;
    struct claims claims = { .expires_s = strtoll(rest, &end, 10) };
    const char *at = end + (*end == '\t');
    if (end == rest || !take_field(&at, claims.scopes, sizeof(claims.scopes)) ||
        !take_field(&at, claims.subject, sizeof(claims.subject)) || *at || !claims.subject[0])
        return lost(jwt, "answers what is no answer", err);
    *ret = claims;
    return 0;
}

static bool is_good_still(const struct answer *answer)
{
    return answer->given_ns > 0 && now_ns() - answer->given_ns < REMEMBERED_NS &&
           answer->claims.expires_s > now_epoch_ms() / 1000;
}

int jwt_check(struct jwt *jwt, const char *token, size_t len, struct claims *ret, struct error *err)
{
    char line[JWT_ANSWER];
    const char *rest;
    struct answer answer = { 0 };
    SHA2_CTX context;
    if (len > JWT_MOST)
        return fail_caller(err, E2BIG, "a token of more than %d bytes", JWT_MOST);
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)token, len);
    SHA256Final(answer.hash, &context);
    for (size_t i = 0; i < REMEMBERED; i++)
        if (memcmp(jwt->answers[i].hash, answer.hash, sizeof(answer.hash)) == 0 &&
            is_good_still(&jwt->answers[i])) {
            *ret = jwt->answers[i].claims;
            return 0;
        }
    int r = ask(jwt, 't', token, len, line, &rest, err);
    if (r == 0)
        r = read_claims(jwt, rest, &answer.claims, err);
    if (r < 0)
        return r;
    answer.given_ns = now_ns();
    jwt->answers[jwt->next++ % REMEMBERED] = answer;
    *ret = answer.claims;
    return 0;
}
