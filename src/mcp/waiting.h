/* SPDX-License-Identifier: Apache-2.0 */
/* waiting.h - a call that asked for a job and waits for it: to its end, or until the
 * time that a call may take is used up. */
#pragma once

#include "mcp/call.h"
#include "mcp/job.h"

/* Starts the job. The call is answered with its result, or at the budget, or (`async`) at
 * once with its id. To cancel the call before that cancels the job. After a failure the
 * call is still the caller's to answer. */
int wait_for_job(struct call *call, struct job_order *order, bool async,
                 struct error *err) must_check;

/* SMART_ASYNC_TIMEOUT_SECONDS: seconds as a decimal number, 0: never. NULL or empty: 20. */
int budget_parse(const char *text, uint64_t *ret_ns, struct error *err) must_check;
