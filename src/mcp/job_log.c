/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/job_log.h"

#include <string.h>

#include <cordon/log.h>

#include "clock.h"

#define FIELDS_MAX 8

/* Around what is said: which job, whose where there are others, and its trace where it has one. */
static void log_about(const struct record *record, enum log_level level, const char *event,
                      const struct log_field *said, unsigned count)
{
    struct log_field fields[FIELDS_MAX] = { KV("job", record->id) };
    unsigned n = 1;
    for (unsigned i = 0; i < count && n + 2 < FIELDS_MAX; i++)
        fields[n++] = said[i];
    if (strcmp(record->owner, OWNER_LOCAL) != 0)
        fields[n++] = (struct log_field)KV("principal", record->owner);
    if (*record->traceparent)
        fields[n++] = (struct log_field)KV("trace", record->traceparent);
    log_fields(level, event, fields, n);
}

#define log_job(record, level, event, ...)                                     \
    log_about(record, level, event, (const struct log_field[]){ __VA_ARGS__ }, \
              (unsigned)(sizeof((const struct log_field[]){ __VA_ARGS__ }) /   \
                         sizeof(struct log_field)))

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
