/* SPDX-License-Identifier: Apache-2.0 */
/* method.h - which requests there are, in which era, with which parameters: one row each.
 *
 * The row is looked up, its parameters are checked, and only then its handler is called.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "mcp/version.h"

struct call;
struct offer;

struct param {
    const char *name;
    enum json_type type; /* a text must not hold a NUL */
    bool needed;
};

#define PARAMS_MAX 5

enum method_flag {
    METHOD_EARLY = 1,  /* also before initialize */
    METHOD_CACHED = 2, /* its result says how long it may be kept (modern era) */
    METHOD_ASKS = 4,   /* may ask its client (call_ask()) */
};

struct method {
    const char *name;
    unsigned eras;                              /* enum era */
    unsigned flags;                             /* enum method_flag */
    bool (*offered)(const struct offer *offer); /* NULL: always */
    void (*serve)(struct call *call);
    struct param params[PARAMS_MAX];
};

extern const struct method methods[];
extern const size_t method_count;

/* NULL: there is none of that name in that era, or the offer has nothing for it. */
const struct method *method_find(const char *name, enum era era, const struct offer *offer);

/* 0, or -EINVAL with "uri must be a string". `params` may be NULL. */
int method_check(const struct method *method, struct json_object *params,
                 struct error *err) must_check;
