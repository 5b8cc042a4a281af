/* SPDX-License-Identifier: Apache-2.0 */
#include "run/figures.h"

#include <math.h>
#include <stdio.h>

#include <cordon/own.h>

#include "clock.h"
#include "json.h"

#define MIB (1024.0 * 1024.0)

struct json_object *figure_number(double value)
{
    return json_number(round(value * 1e6) / 1e6);
}

struct json_object *figure_seconds(uint64_t ns)
{
    return figure_number((double)ns / (double)NS_PER_S);
}

struct json_object *figure_mb(uint64_t bytes)
{
    return figure_number((double)bytes / MIB);
}

/* --- for people ---------------------------------------------------------------------------- */

struct unit {
    double from; /* the least value that is written in it */
    double scale;
    const char *name;
};

static const struct unit durations[] = { { 1, 1, "s" }, { 1e-3, 1e3, "ms" }, { 0, 1e6, "µs" } };

static const struct unit counts[] = {
    { 1e12, 1e-12, " T" }, { 1e9, 1e-9, " G" }, { 1e6, 1e-6, " M" }, { 1e4, 1e-3, " k" }
};

/* The last one where it is less than any. */
static const struct unit *unit_for(const struct unit *units, size_t count, double value)
{
    size_t i = 0;
    while (i + 1 < count && value < units[i].from)
        i++;
    return &units[i];
}

/* So many digits that three of the number are there. */
static int digits_for(double value)
{
    return fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;
}

const char *figure_duration(double seconds, double like, char out[FIGURE_MAX])
{
    double model = like > 0 ? like : seconds;
    const struct unit *unit = unit_for(durations, COUNT(durations), model);
    if (model <= 0)
        (void)snprintf(out, FIGURE_MAX, "0 s");
    else
        (void)snprintf(out, FIGURE_MAX, "%.*f %s",
                       unit->scale > 1 ? digits_for(model * unit->scale) : 3, seconds * unit->scale,
                       unit->name);
    return out;
}

const char *figure_memory(double mb, char out[FIGURE_MAX])
{
    (void)snprintf(out, FIGURE_MAX, "%.1f MB", mb);
    return out;
}

const char *figure_count(uint64_t count, char out[FIGURE_MAX])
{
    double value = (double)count;
    if (value < counts[COUNT(counts) - 1].from) {
        (void)snprintf(out, FIGURE_MAX, "%.0f", value);
        return out;
    }
    const struct unit *unit = unit_for(counts, COUNT(counts), value);
    value *= unit->scale;
    (void)snprintf(out, FIGURE_MAX, "%.*f%s", digits_for(value), value, unit->name);
    return out;
}
