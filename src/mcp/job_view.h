/* SPDX-License-Identifier: Apache-2.0 */
/* job_view.h - a job and its output, as a client is shown them: bounded, in whole characters. */
#pragma once

#include <json-c/json.h>

#include "job/output.h"
#include "job/store.h"
#include "mcp/readers.h"

struct services;

/* The record of a job that a client named by its id. 0; where there is none, BLAME_CALLER and
 * ENOENT with "Job ... not found". *ret is the caller's, record_done(). */
int job_view_find(const struct services *services, const char *id, struct record *ret,
                  struct error *err) must_check;

/* The record as JSON, with what is known of it beside: what was asked for (job_view_asked()), its
 * place among those that wait, while it runs what it uses and may, and how much output is kept. The
 * caller's. */
struct json_object *job_view_record(const struct services *services, const struct record *record);
void job_view_asked(const struct record *record, struct json_object *job); /* "tool", "policy" */

/* The same with the output that came after *from, and *from moved behind it; while
 * it has not ended, also with the beginning and the end of all there is. */
int job_view(const struct services *services, const struct record *record, struct position *from,
             struct json_object **ret, struct error *err) must_check;

/* Both streams under a heading each; of long ones the beginning and the end. The caller's. */
int job_view_streams(const struct services *services, const struct record *record, char **ret,
                     struct error *err) must_check;

/* "12.0": bytes of both streams. */
void cursor_print(const struct position *position, char out[48]);
int cursor_parse(const char *text, struct position *ret, struct error *err) must_check;
