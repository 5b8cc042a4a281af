/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - a tool's parameters, once: the same rows decode a call's arguments
 * and print the inputSchema.
 *
 * A row's default counts whether it was given or not: after schema_decode()
 * the struct holds it either way, and nobody can tell which.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

enum field_kind {
    FIELD_TEXT,    /* char *; NULL where there is none */
    FIELD_PATH,    /* the same, and the schema says "format": "path" */
    FIELD_LIST,    /* char **, NULL-ended; NULL where there is none */
    FIELD_MAP,     /* char ** of "NAME=value"; NULL where there is none */
    FIELD_FLAG,    /* bool */
    FIELD_INTEGER, /* int64_t; FIELD_NO_NUMBER where there is none */
    FIELD_NUMBER,  /* double; FIELD_NO_NUMBER where there is none */
};

/* No parameter of ours may be negative, so this one stands for "no opinion". */
#define FIELD_NO_NUMBER (-1)

enum field_flag {
    FIELD_REQUIRED = 1, /* must be given */
    FIELD_NULLABLE = 2, /* null is in the schema */
    FIELD_NULL_TOO = 4, /* null is understood, though the schema does not offer it */
};

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    const char *fallback;   /* the default as JSON; NULL: none, the parameter is required */
    int64_t least, most;    /* of an integer; `most` also: bytes of one text, 0: FIELD_TEXT_MAX */
    double lowest, highest; /* of a number; 0, 0: what any may be */
    const char *help;       /* the description a model reads */
    size_t offset;          /* of its member in the struct */
};

/* Nothing longer fits into a launch anyway. */
#define FIELD_TEXT_MAX (64UL * 1024)

/* A FIELD_NUMBER is more than 0 and at most this, where its row says no more. */
#define FIELD_NUMBER_MAX 1000000000.0

/* `fields` is NULL-ended, `out` a zeroed struct. Failures are BLAME_CALLER and
 * name the parameter and what is allowed; what was decoded until then stays in
 * `out`, for schema_done(). `arguments` may be NULL. */
int schema_decode(const struct field *const *fields, struct json_object *arguments, void *out,
                  struct error *err) must_check;

/* Frees what the members point to. */
void schema_done(const struct field *const *fields, void *out);

/* The inputSchema; the caller's (json_object_put). */
struct json_object *schema_print(const struct field *const *fields);
