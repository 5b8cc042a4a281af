/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - one event, one line, on standard error.
 *
 *     log_event(LOG_INFO, "ended", KV("job", id), KV_U64("wall_ms", n));
 *     ts=2026-11-22T13:00:00.123Z level=info event=ended job=6f1c wall_ms=12
 *
 * Values are quoted here, so that a stranger's string cannot forge a line.
 * Values of environment variables are never given to it.
 */
#pragma once

#include <stdint.h>

enum log_level {
    LOG_ERROR, /* an operator must act */
    LOG_WARN,  /* something is weaker than it should be */
    LOG_INFO,  /* one line per start and end of a job */
    LOG_DEBUG,
};

struct log_field {
    const char *name;
    const char *text; /* NULL: the number counts */
    uint64_t number;
};

#define KV(key, value)     ((struct log_field){ .name = (key), .text = (value) })
#define KV_U64(key, value) ((struct log_field){ .name = (key), .number = (value) })

void log_set_level(enum log_level level);

/* "error" "warn" "info" "debug"; -1 for anything else. */
int log_level_parse(const char *name);

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                unsigned count);

#define log_event(level, event, ...)                                    \
    log_fields(level, event, (const struct log_field[]){ __VA_ARGS__ }, \
               sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
