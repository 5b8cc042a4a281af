/* SPDX-License-Identifier: Apache-2.0 */
/* job_task.h - a job as a task (task.h): one and the same job, whoever asks for it in which way.
 * Its id is the job's, and each of its owner's jobs can be asked for so. */
#pragma once

#include "job/store.h"
#include "mcp/call.h"
#include "mcp/offer.h"

/* How often a client is to ask. */
#define JOB_TASK_POLL_MS 1000

extern const struct offer_tasks product_tasks;

/* Answers the call of a run, whose client takes tasks: its job goes on, as a task. The job is in
 * the store. After a failure the call is still the caller's to answer. */
int job_task_begin(struct call *call, const char *id, struct error *err) must_check;

/* What its listeners are told; the caller's. */
struct json_object *job_task_print(const struct services *services, const struct record *record);
