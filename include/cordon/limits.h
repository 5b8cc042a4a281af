/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - every number that bounds a run.
 *
 * A policy starts with zero everywhere ("nothing"), a request with UNBOUNDED
 * everywhere ("no opinion"), and the two meet with a minimum: neither default
 * can open anything. The names of the fields are the keys of a policy's
 * "limits" and the limits.NAME layers of a result, without their unit.
 */
#pragma once

#include <stdint.h>

#include <cordon/error.h>

#define UNBOUNDED UINT64_MAX

struct limits {
    uint64_t wall_ms;
    uint64_t cpu_ms;
    uint64_t memory_bytes; /* cgroup, else sampling of the whole tree; never RLIMIT_AS */
    uint64_t pids;
    uint64_t open_files;
    uint64_t file_bytes;             /* one file */
    uint64_t scratch_bytes;          /* all writable tmpfs together */
    uint64_t output_bytes;           /* kept of stdout and stderr together */
    uint64_t inodes;                 /* of the writable tmpfs */
    uint64_t workspace_growth_bytes; /* of a writable workspace */
};

enum limit_unit { UNIT_DURATION, UNIT_SIZE, UNIT_COUNT };

/* One row per field, in the order of the struct: parser, printer, wire and
 * help all walk this table. */
struct limit_field {
    const char *name;   /* the policy's key: "wall" */
    const char *member; /* the member of a result's `limits`: "wall_seconds" */
    enum limit_unit unit;
    uint64_t scale; /* how many of our unit make one of the member's (ms per s, bytes per MiB) */
    unsigned offset;
};

#define LIMIT_COUNT 10
extern const struct limit_field limit_fields[LIMIT_COUNT];

static inline uint64_t *limit_at(struct limits *limits, const struct limit_field *field)
{
    return (uint64_t *)(void *)((char *)limits + field->offset);
}

static inline uint64_t limit_get(const struct limits *limits, const struct limit_field *field)
{
    return *(const uint64_t *)(const void *)((const char *)limits + field->offset);
}

/* Every field UNBOUNDED. */
struct limits limits_no_opinion(void);

/* The tighter of the two, field by field. This is the only way a request
 * meets a policy, so a request can tighten and never loosen. */
struct limits limits_meet(struct limits permitted, struct limits asked);

/* 0 if every field of `asked` that has an opinion is within `permitted`;
 * else a refusal (BLAME_POLICY, EPERM) that names the limit and both numbers. */
int limits_within(const struct limits *permitted, const struct limits *asked,
                  struct error *err) must_check;

/* "250ms" "30s" "5m" "1h" -> milliseconds; "64K" "512M" "2G" -> bytes; "128" -> count.
 * Zero, negative numbers, a missing unit of a duration and overflow are BLAME_CALLER. */
int limit_parse(const char *text, enum limit_unit unit, uint64_t *ret,
                struct error *err) must_check;

/* The same the other way, for people: "5 min" is never printed, "5m" is. */
void limit_print(uint64_t value, enum limit_unit unit, char out[32]);
