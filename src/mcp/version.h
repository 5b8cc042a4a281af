/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - the versions of the protocol that are spoken, and the two eras they fall into.
 *
 * Legacy: a handshake (initialize) agrees on a version for the whole conversation. Modern: every
 * request names its version and its client's capabilities in _meta, and nothing is remembered.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum era {
    ERA_LEGACY = 1,
    ERA_MODERN = 2,
    ERA_BOTH = ERA_LEGACY | ERA_MODERN,
};

struct version {
    const char *name;
    enum era era;
    bool batches; /* several messages in one array */
};

/* Newest first, `name` NULL at the end. */
extern const struct version versions[];

const struct version *version_find(const char *name, enum era era); /* NULL: not spoken */

/* The newest of the era: what a client of the legacy era is offered that wants something else. */
const struct version *version_newest(enum era era);

/* The names of an era's, as a JSON array; the caller's. */
struct json_object *versions_print(enum era era);
