/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - measured numbers, rounded to what was measured: in a result, and for people. */
#pragma once

#include <json-c/json.h>
#include <stdint.h>

struct json_object *figure_number(double value); /* six digits after the point at most */
struct json_object *figure_seconds(uint64_t ns);
struct json_object *figure_mb(uint64_t bytes);

#define FIGURE_MAX 32

/* "12.3 ms", "1.234 s", "85 µs": three or four digits, in the unit of `like` where that is
 * more than 0 (a row of figures has one unit), else of the value itself. */
const char *figure_duration(double seconds, double like, char out[FIGURE_MAX]);
const char *figure_memory(double mb, char out[FIGURE_MAX]);     /* "9.8 MB" */
const char *figure_count(uint64_t count, char out[FIGURE_MAX]); /* "12.3 M", "456" */
