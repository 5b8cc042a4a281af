/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.h - files an operator writes: objects of known members, each fault with its line.
 *
 * A file is described by tables of members. What is not in the table, has the
 * wrong type or is out of range is reported as
 *
 *     policies/ci.json: line 4: limits.wall: "300" is not a duration such as ...
 *
 * and reading goes on, so that one run shows every fault. The first is what
 * the caller gets as its error; a `report` gets them all.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cordon/error.h>
#include <cordon/limits.h>

/* More faults than a person would read; each costs a walk through the text. */
#define JSON_FAULTS_MAX 40

struct json_reading {
    const char *source; /* shown in front of every fault */
    const char *text;   /* what json_load() took: lines are looked up in it */
    size_t len;
    struct error *err; /* gets the first fault, BLAME_HOST: files are the operator's */
    FILE *report;      /* every fault as a line of its own, or NULL */
    unsigned faults;
    const void *context; /* the reader's own */
};

/* `path` is "limits.wall" or "files[2]"; `into` is what the member fills. A
 * reader that finds a fault leaves `into` alone. */
typedef void json_reader(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into);

struct json_member {
    const char *name;
    json_reader *read;
    size_t offset; /* into what json_read_object() was given */
    bool required;
};

/* Scans and parses the text; NULL after a fault. The caller's (json_object_put). */
struct json_object *json_read_text(struct json_reading *reading);

void json_fault_at(struct json_reading *reading, const char *path, const char *fmt, ...)
    printf_like(3, 4);

/* Walks an object by its table; `last` has name NULL. */
void json_read_object(struct json_reading *reading, const char *path, struct json_object *object,
                      const struct json_member *members, void *into);

/* Hands every element of an array to `read`, with path "files[2]"; `into` stays the same. */
void json_read_array(struct json_reading *reading, const char *path, struct json_object *array,
                     json_reader *read, void *into);

/* The text of a string without control characters and not empty; NULL after a fault. */
const char *json_read_string(struct json_reading *reading, const char *path,
                             struct json_object *value);

/* Readers for tables. What they fill: */
json_reader json_read_text_member; /* char *    */
json_reader json_read_path;        /* char *    absolute, without "." ".." "//" */
json_reader json_read_bool;        /* bool      */
json_reader json_read_texts;       /* char **   */
json_reader json_read_paths;       /* char **   */
json_reader json_read_names;       /* char **   names as policies have them */
json_reader json_read_duration;    /* uint64_t  milliseconds */
json_reader json_read_size;        /* uint64_t  bytes */

/* A whole number; false after a fault. */
bool json_read_number(struct json_reading *reading, const char *path, struct json_object *value,
                      uint64_t min, uint64_t max, uint64_t *ret);

/* The index of the string in a NULL-ended list, or -1 after a fault that shows the list. */
int json_read_choice(struct json_reading *reading, const char *path, struct json_object *value,
                     const char *const *choices);

/* "strict": letters, digits, '.', '_' and '-', not a dot first, shorter than POLICY_NAME_MAX. */
bool name_valid(const char *name);

/* Does what stands for a policy on a command line name a file: is there a '/' in it, or does it end
 * in ".json"? */
bool policy_is_file(const char *given);

/* Absolute, and with nothing in it that stands for another path? */
bool path_is_plain(const char *path);
