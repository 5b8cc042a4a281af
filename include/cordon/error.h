/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - one failure, by value.
 *
 * A function that can fail takes `struct error *err` last and returns 0 (or a
 * count) or a negative errno. On success it leaves *err alone; on failure *err
 * holds one line a person can act on, and whose move it is. There is no heap
 * in it: the same struct is written down the report pipe of a half-built box.
 */
#pragma once

#include <cordon/own.h>

#define ERROR_TEXT_MAX 400

enum blame {
    BLAME_NONE,
    BLAME_CALLER, /* the request is wrong: say so to the client */
    BLAME_POLICY, /* the request is fine; the operator says no */
    BLAME_HOST,   /* this machine could not do it: say so to the operator */
};

struct error {
    int code; /* an errno value, never 0 once set */
    enum blame blame;
    char text[ERROR_TEXT_MAX]; /* UTF-8, one line, without a final full stop */
};

/* Record a failure. Returns -code, so that `return fail_...` reads as one act. */
int fail_caller(struct error *err, int code, const char *fmt, ...) printf_like(3, 4);
int fail_policy(struct error *err, int code, const char *fmt, ...) printf_like(3, 4);
int fail_host_as(struct error *err, int code, const char *fmt, ...) printf_like(3, 4);

/* The same for a system call: takes the code from errno and adds its name. */
int fail_host(struct error *err, const char *fmt, ...) printf_like(2, 3);

/* Put context in front of a failure on its way up: "policy strict: line 4: ...". */
int fail_within(struct error *err, const char *fmt, ...) printf_like(2, 3);

/* A failure is negative: the compiler and the analyzers, who see one file at a time, may rely on
 * it. Without this they follow paths on which a function failed and its caller went on. */
static inline int failure(int code)
{
    if (code >= 0)
        __builtin_unreachable();
    return code;
}

#define fail_caller(...)  failure(fail_caller(__VA_ARGS__))
#define fail_policy(...)  failure(fail_policy(__VA_ARGS__))
#define fail_host_as(...) failure(fail_host_as(__VA_ARGS__))
#define fail_host(...)    failure(fail_host(__VA_ARGS__))
#define fail_within(...)  failure(fail_within(__VA_ARGS__))
