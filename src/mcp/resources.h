/* SPDX-License-Identifier: Apache-2.0 */
/* resources.h - what clients may read by its address: one row each. */
#pragma once

#include "mcp/call.h"

/* Addresses with something to fill in (RFC 6570). */
#define STREAM_TEMPLATE "job-stream://{job_id}{?stream,offset,length}"
#define JOB_TEMPLATE    "cordon://jobs/{job_id}"
#define SCRIPT_TEMPLATE "cordon://scripts/{name}"
#define POLICY_TEMPLATE "cordon://policies/{name}"

struct services;
struct str;

/* Arrays of Resource and of ResourceTemplate; the caller's. */
struct json_object *resources_list(struct call *call);
struct json_object *resource_templates_list(struct call *call);

/* The result of resources/read with this one text; the caller's. */
struct json_object *resource_text(const char *uri, const char *type, const char *text, size_t len);

/* The same with bytes in base64 (taken); and the error of a read that failed. */
struct json_object *resource_blob(const char *uri, const char *type, struct json_object *base64);
void resource_error(struct call *call, const char *uri, const struct error *err);

/* cordon://metrics, and /metrics over HTTP: Prometheus' text. `services->metrics` is not NULL. */
void metrics_of(const struct services *services, struct str *out);

/* Answers the call with what is at that address, or an error that says why not. */
void resource_read(struct call *call, const char *uri);
