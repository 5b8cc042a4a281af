/* SPDX-License-Identifier: Apache-2.0 */
/* uri.h - the part of an address behind its scheme: a path and a query. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

#define URI_BYTES_MAX 1024
#define URI_PAIRS_MAX 8

struct uri {
    char *path; /* decoded; without control characters */
    struct uri_pair {
        char *name, *value;
    } pairs[URI_PAIRS_MAX];
    size_t count;
};

/* "ID?stream=stdout&offset=5". Percent signs are decoded; a name given twice, a NUL or a
 * broken escape is BLAME_CALLER and EINVAL. The caller ends *ret with uri_done() after success. */
int uri_parse(const char *text, struct uri *ret, struct error *err) must_check;
void uri_done(struct uri *uri);

const char *uri_value(const struct uri *uri, const char *name); /* NULL: not given */
bool uri_is(const struct uri *uri, const char *name, const char *value);

/* Leaves *ret alone where it is not given. */
int uri_number(const struct uri *uri, const char *name, uint64_t *ret,
               struct error *err) must_check;

/* Fails where a name is none of the NULL-ended list. */
int uri_known(const struct uri *uri, const char *const *names, struct error *err) must_check;

/* Bytes as base64 (RFC 4648); the caller's. */
char *base64_encode(const void *bytes, size_t len);
