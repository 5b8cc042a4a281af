/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - strict JSON in front of json-c, shared by protocol, policies and configuration.
 *
 * json-c gives no position, lets the last of two equal keys win, accepts NaN
 * and saturates big integers. json_scan() walks the bytes once and refuses all
 * of that with line and column; json_load() scans and then parses. RFC 8259,
 * UTF-8 only, no byte-order mark.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#define JSON_DEPTH_MAX 32

/* A message on the wire is at most 16 MiB; nothing we read is larger. */
#define JSON_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* json-c spends some hundred bytes on a value of one byte: without this, 16 MiB
 * of "[0,0,0..." would cost its reader half a gigabyte. */
#define JSON_VALUES_MAX ((size_t)256 * 1024)

enum json_fault {
    JSON_OK,
    JSON_MALFORMED, /* not JSON: -32700 on the wire */
    JSON_FORBIDDEN, /* JSON that we do not take: duplicate key, too deep, integer out of range */
};

/* Checks `len` bytes (not NUL-ended). On anything but JSON_OK, err (BLAME_CALLER)
 * says "line 4, column 7: duplicate key "read"". Nothing is allocated on success. */
enum json_fault json_scan(const char *text, size_t len, struct error *err) must_check;

/* Scans, then parses. *ret is the caller's (json_object_put). */
enum json_fault json_load(const char *text, size_t len, struct json_object **ret,
                          struct error *err) must_check;

/* The bytes from *begin to before *end are the value at a path such as "files[2].read", of
 * text that json_load() took; false if it is not there. */
bool json_place_of(const char *text, size_t len, const char *path, size_t *begin, size_t *end);

/* Where the value at a path such as "files[2].read" begins, for messages about
 * its meaning; 0 if it is not there. Lines count from 1. */
unsigned json_line_of(const char *text, size_t len, const char *path);

/* A number as a person writes it: 3 and not 3.0, 0.1 and not 0.10000000000000001. */
struct json_object *json_number(double value);

void json_put(struct json_object **slot);
#define autojson __attribute__((cleanup(json_put)))
