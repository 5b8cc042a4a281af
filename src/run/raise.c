/* SPDX-License-Identifier: Apache-2.0 */
#include "run/raise.h"

#include <string.h>

#include "clock.h"
#include "run/result.h"
#include "str.h"

#define MIB (1024.0 * 1024.0)

/* The limits that a request may name, and by which words. */
static const struct {
    const char *limit;
    const char *words[2]; /* by enum asker */
} asked[] = {
    { "wall", { "--timeout", "timeout_seconds" } },
    { "cpu", { "--cpu", "cpu_seconds" } },
    { "memory", { "--memory", "memory_mb" } },
    { "output", { "--output", "max_output_bytes" } },
    { "pids", { "--pids", NULL } },
};

/* How far it came; nothing where that is the limit itself. */
static char *figure(const struct outcome *outcome)
{
    const struct usage *usage = &outcome->usage;
    double cpu = (double)(usage->cpu_user_ns + usage->cpu_system_ns) / (double)NS_PER_S;
    if (outcome->end == END_WALL && usage->wall_ns > 0)
        return xasprintf(" (after %.3f s)", (double)usage->wall_ns / (double)NS_PER_S);
    if (outcome->end == END_CPU && cpu > 0)
        return xasprintf(" (%.3f s used)", cpu);
    if (outcome->end == END_MEMORY && usage->memory_peak_bytes > 0)
        return xasprintf(" (peak %s%.1f MB)", usage->memory_at_least ? "at least " : "",
                         (double)usage->memory_peak_bytes / MIB);
    return xstrdup("");
}

char *limit_way_up(const char *limit, enum asker asker)
{
    for (size_t i = 0; i < COUNT(asked); i++)
        if (strcmp(asked[i].limit, limit) == 0 && asked[i].words[asker])
            return xasprintf("%s raises it, up to limits.%s of the policy", asked[i].words[asker],
                             limit);
    return xasprintf("limits.%s of the policy raises it", limit);
}

/* Each sentence about a limit begins with its name. */
static const char *limit_of(const char *sentence)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        size_t len = strlen(limit_fields[i].name);
        if (strncmp(sentence, limit_fields[i].name, len) == 0 &&
            starts_with(sentence + len, " limit of "))
            return limit_fields[i].name;
    }
    return NULL;
}

char *result_error(const struct outcome *outcome, const struct limits *limits, enum asker asker)
{
    char *sentence = result_sentence(outcome, limits);
    const char *limit = sentence && limits ? limit_of(sentence) : NULL;
    if (!limit)
        return sentence;
    autofree char *reached = sentence, *came = figure(outcome), *way = limit_way_up(limit, asker);
    return xasprintf("%s%s; %s", reached, came, way);
}
