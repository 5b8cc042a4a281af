/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - one failure, by value. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cordon/error.h>

#undef fail_caller
#undef fail_policy
#undef fail_host_as
#undef fail_host
#undef fail_within

static int fail_with(struct error *err, int code, enum blame blame, const char *fmt, va_list args)
    printf_like(4, 0);

static int fail_with(struct error *err, int code, enum blame blame, const char *fmt, va_list args)
{
    /* What error.h promises about the sign. */
    assert(code > 0);
    err->code = code;
    err->blame = blame;
    (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
    return -code;
}

int fail_caller(struct error *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int r = fail_with(err, code, BLAME_CALLER, fmt, args);
    va_end(args);
    return r;
}

int fail_policy(struct error *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int r = fail_with(err, code, BLAME_POLICY, fmt, args);
    va_end(args);
    return r;
}

int fail_host_as(struct error *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int r = fail_with(err, code, BLAME_HOST, fmt, args);
    va_end(args);
    return r;
}

int fail_host(struct error *err, const char *fmt, ...)
{
    int code = errno ? errno : EIO;
    va_list args;
    va_start(args, fmt);
    int r = fail_with(err, code, BLAME_HOST, fmt, args);
    va_end(args);
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(code));
    return r;
}

int fail_within(struct error *err, const char *fmt, ...)
{
    char inner[ERROR_TEXT_MAX];
    memcpy(inner, err->text, sizeof(inner));
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
    va_end(args);
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
    assert(err->code > 0);
    return -err->code;
}
