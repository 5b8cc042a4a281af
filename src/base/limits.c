/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - the table of limits; meeting, parsing, printing. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cordon/limits.h>

#include "str.h"

#define KIB 1024ULL
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)
#define TIB (1024ULL * GIB)

const struct limit_field limit_fields[LIMIT_COUNT] = {
    { "wall", "wall_seconds", UNIT_DURATION, 1000, offsetof(struct limits, wall_ms) },
    { "cpu", "cpu_seconds", UNIT_DURATION, 1000, offsetof(struct limits, cpu_ms) },
    { "memory", "memory_mb", UNIT_SIZE, MIB, offsetof(struct limits, memory_bytes) },
    { "pids", "pids", UNIT_COUNT, 1, offsetof(struct limits, pids) },
    { "open_files", "open_files", UNIT_COUNT, 1, offsetof(struct limits, open_files) },
    { "file", "file_mb", UNIT_SIZE, MIB, offsetof(struct limits, file_bytes) },
    { "scratch", "scratch_mb", UNIT_SIZE, MIB, offsetof(struct limits, scratch_bytes) },
    { "output", "output_bytes", UNIT_SIZE, 1, offsetof(struct limits, output_bytes) },
    { "inodes", "inodes", UNIT_COUNT, 1, offsetof(struct limits, inodes) },
    { "workspace_growth", "workspace_growth_mb", UNIT_SIZE, MIB,
      offsetof(struct limits, workspace_growth_bytes) },
};

struct unit_name {
    enum limit_unit unit;
    const char *name;
    uint64_t factor;
};

/* Largest first, so that printing takes the first that divides. */
static const struct unit_name unit_names[] = {
    { UNIT_DURATION, "h", 3600000 }, { UNIT_DURATION, "m", 60000 }, { UNIT_DURATION, "s", 1000 },
    { UNIT_DURATION, "ms", 1 },      { UNIT_SIZE, "T", TIB },       { UNIT_SIZE, "G", GIB },
    { UNIT_SIZE, "M", MIB },         { UNIT_SIZE, "K", KIB },       { UNIT_SIZE, "", 1 },
    { UNIT_COUNT, "", 1 },
};

static const char *const unit_help[] = {
    [UNIT_DURATION] = "a duration such as 250ms, 30s, 5m or 1h",
    [UNIT_SIZE] = "a size such as 64K, 512M or 2G",
    [UNIT_COUNT] = "a number such as 128",
};

struct limits limits_no_opinion(void)
{
    struct limits limits;
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        *limit_at(&limits, &limit_fields[i]) = UNBOUNDED;
    return limits;
}

struct limits limits_meet(struct limits permitted, struct limits asked)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        uint64_t *ours = limit_at(&permitted, &limit_fields[i]);
        uint64_t theirs = limit_get(&asked, &limit_fields[i]);
        if (theirs < *ours)
            *ours = theirs;
    }
    return permitted;
}

int limits_within(const struct limits *permitted, const struct limits *asked, struct error *err)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_field *field = &limit_fields[i];
        uint64_t ours = limit_get(permitted, field), theirs = limit_get(asked, field);
        if (theirs == UNBOUNDED || theirs <= ours)
            continue;
        char a[32], b[32];
        limit_print(theirs, field->unit, a);
        limit_print(ours, field->unit, b);
        return fail_policy(err, EPERM, "%s: %s is more than the policy's %s", field->name, a, b);
    }
    return 0;
}

int limit_parse(const char *text, enum limit_unit unit, uint64_t *ret, struct error *err)
{
    char shown[40];
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18)
        goto bad;
    uint64_t number = strtoull(text, NULL, 10);
    for (size_t i = 0; i < COUNT(unit_names); i++) {
        const struct unit_name *row = &unit_names[i];
        if (row->unit != unit || strcmp(text + digits, row->name) != 0)
            continue;
        uint64_t value;
        if (number == 0 || __builtin_mul_overflow(number, row->factor, &value) || value > INT64_MAX)
            goto bad;
        *ret = value;
        return 0;
    }
bad:
    return fail_caller(err, EINVAL, "\"%s\" is not %s, greater than zero",
                       printable(text, shown, sizeof(shown)), unit_help[unit]);
}

void limit_print(uint64_t value, enum limit_unit unit, char out[32])
{
    if (value == UNBOUNDED) {
        (void)snprintf(out, 32, "unbounded");
        return;
    }
    for (size_t i = 0; i < COUNT(unit_names); i++) {
        const struct unit_name *row = &unit_names[i];
        if (row->unit == unit && value % row->factor == 0 && (value != 0 || row->factor == 1)) {
            (void)snprintf(out, 32, "%" PRIu64 "%s", value / row->factor, row->name);
            return;
        }
    }
}
