/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/job_log.h"

#include <cordon/log.h>

#include "clock.h"

/* The last field is whose trace it belongs to, where it belongs to one. */
#define log_job(record, level, event, ...)                                       \
    log_fields(level, event,                                                     \
               (const struct log_field[]){ KV("job", (record)->id), __VA_ARGS__, \
                                           KV("trace", (record)->traceparent) }, \
               (unsigned)(sizeof((const struct log_field[]){ __VA_ARGS__ }) /    \
                          sizeof(struct log_field)) +                            \
                   1 + (*(record)->traceparent ? 1 : 0))

void job_log_started(const struct record *record)
{
    log_job(record, LOG_INFO, "started", KV("policy", record->policy));
}

void job_log_ended(const struct record *record, const struct outcome *outcome)
{
    log_job(record, LOG_INFO, "ended", KV("policy", record->policy),
            KV("end", end_name(outcome->end)),
            KV_U64("exit_code", (uint64_t)outcome_exit_code(outcome)),
            KV_U64("wall_ms", outcome->usage.wall_ns / NS_PER_MS));
    if (outcome->end == END_FAULT)
        log_job(record, LOG_ERROR, "fault", KV("reason", outcome->error.text));
}
