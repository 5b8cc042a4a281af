/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/random.h>

#include "run/profile_inside.h"

#define NAME_BYTES 320 /* of a function, and of a file */

/* Longer than any run: what says more is no figure. */
#define FIGURE_MAX 1000000000000000ULL

/* --- names and paths ------------------------------------------------------------------------- */

static uint64_t hash(uint64_t value, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        value = (value ^ at[i]) * 0x100000001b3ULL;
    return value ^ value >> 29;
}

/* The index of a function, made if it is new; 0 where there is no room. */
static uint32_t function_of(struct profile *profile, const char *name, const char *file,
                            uint32_t line)
{
    uint64_t value = hash(profile->seed, name, strlen(name) + 1);
    value = hash(hash(value, file, strlen(file)), &line, sizeof(line));
    uint32_t *bucket = &profile->function_buckets[value % PROFILE_BUCKETS];
    for (uint32_t i = *bucket; i; i = profile->functions[i].next) {
        const struct profile_function *function = &profile->functions[i];
        if (function->line == line && strcmp(function->name, name) == 0 &&
            strcmp(function->file, file) == 0)
            return i;
    }
    if (profile->function_count == PROFILE_FUNCTIONS_MAX)
        return 0;
    uint32_t new = (uint32_t)profile->function_count++;
    profile->functions[new] =
        (struct profile_function){ xstrdup(name), xstrdup(file), line, *bucket };
    return *bucket = new;
}

/* Likewise of what is called `function` beneath `parent`. */
static uint32_t node_of(struct profile *profile, uint32_t parent, uint32_t function)
{
    uint64_t key = (uint64_t)parent << 32 | function;
    uint32_t *bucket =
        &profile->node_buckets[hash(profile->seed, &key, sizeof(key)) % PROFILE_BUCKETS];
    for (uint32_t i = *bucket; i; i = profile->nodes[i].next)
        if (profile->nodes[i].parent == parent && profile->nodes[i].function == function)
            return i;
    if (profile->node_count == PROFILE_NODES_MAX)
        return 0;
    uint32_t new = (uint32_t)profile->node_count++;
    profile->nodes[new] =
        (struct profile_node){ .parent = parent, .function = function, .next = *bucket };
    return *bucket = new;
}

/* --- a line ---------------------------------------------------------------------------------- */

/* Moves behind a decimal number; false where there is none, or one beyond `most`. */
static bool number(const char **at, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    const char *digit = *at;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
        if (value > most)
            return false;
    }
    bool any = digit > *at;
    *at = digit;
    *ret = value;
    return any;
}

/* The text up to the next tab, or to the end, as it may be shown. False where it is no text. */
static bool text(const char **at, char out[NAME_BYTES])
{
    size_t len = strcspn(*at, "\t");
    autofree char *copy = xstrndup(*at, len);
    if (!utf8_valid(copy, len))
        return false;
    printable(copy, out, NAME_BYTES);
    for (size_t end = strlen(out); end > 0 && !utf8_valid(out, strlen(out));)
        out[--end] = '\0'; /* it was cut within a character */
    *at += len;
    return true;
}

/* TAB FUNCTION TAB FILE TAB LINE, of which *ret is the function's index. */
static bool frame(struct profile *profile, const char **at, uint32_t *ret)
{
    char name[NAME_BYTES] = "", file[NAME_BYTES] = "";
    uint64_t line;
    if (*(*at)++ != '\t' || !text(at, name) || *(*at)++ != '\t' || !text(at, file) ||
        *(*at)++ != '\t' || !number(at, UINT32_MAX, &line))
        return false;
    *ret = function_of(profile, name, file, (uint32_t)line);
    return true;
}

static bool stack(struct profile *profile, const char *at)
{
    uint64_t us, samples;
    uint32_t node = 0, function = 0;
    if (!number(&at, FIGURE_MAX, &us) || *at++ != ' ' || !number(&at, FIGURE_MAX, &samples))
        return false;
    size_t depth = 0;
    for (; *at; depth++) {
        if (depth == PROFILE_DEPTH_MAX || !frame(profile, &at, &function))
            return false;
        uint32_t next = function ? node_of(profile, node, function) : 0;
        if (!next) {
            profile->lost += samples; /* no room: what came before them fills it */
            return true;
        }
        node = next;
    }
    if (!node)
        return false;
    struct profile_node *last = &profile->nodes[node];
    if (last->self_us > FIGURE_MAX || last->samples > FIGURE_MAX)
        return false;
    if (last->self_us == 0)
        profile->cells += depth;
    if (profile->cells > PROFILE_CELLS_MAX) {
        profile->lost += samples;
        return true;
    }
    last->self_us += us;
    last->samples += samples;
    return true;
}

static void take_line(struct profile *profile)
{
    uint64_t lost;
    const char *at = profile->line + strlen("lost ");
    profile->line[profile->line_len] = '\0';
    bool good = strlen(profile->line) == profile->line_len; /* no zero bytes */
    if (good && starts_with(profile->line, "lost "))
        good = number(&at, FIGURE_MAX, &lost) && *at == '\0' && (profile->lost += lost, true);
    else if (good && strcmp(profile->line, "end") == 0)
        profile->ended = true;
    else if (good)
        good = stack(profile, profile->line);
    profile->bad_lines += !good;
}

void profile_take(struct profile *profile, const void *bytes, size_t len)
{
    const char *at = bytes;
    if (profile->bytes > PROFILE_BYTES_MAX)
        return;
    profile->bytes += len;
    for (size_t i = 0; i < len; i++) {
        if (at[i] != '\n' && profile->line_len == PROFILE_LINE_MAX) {
            profile->too_long = true;
        } else if (at[i] != '\n') {
            profile->line[profile->line_len++] = at[i];
        } else {
            if (profile->too_long)
                profile->bad_lines++;
            else
                take_line(profile);
            profile->line_len = 0;
            profile->too_long = false;
        }
    }
}

/* --- life ------------------------------------------------------------------------------------- */

struct profile *profile_new(void)
{
    struct profile *profile = xcalloc(1, sizeof(*profile));
    profile->functions = xcalloc(PROFILE_FUNCTIONS_MAX, sizeof(*profile->functions));
    profile->nodes = xcalloc(PROFILE_NODES_MAX, sizeof(*profile->nodes));
    profile->function_count = profile->node_count = 1;
    /* So that nobody can choose names that all have one hash. */
    if (getrandom(&profile->seed, sizeof(profile->seed), 0) < 0)
        profile->seed = (uintptr_t)profile;
    return profile;
}

void profile_free(struct profile *profile)
{
    if (!profile)
        return;
    for (size_t i = 1; i < profile->function_count; i++) {
        free(profile->functions[i].name);
        free(profile->functions[i].file);
    }
    free(profile->functions);
    free(profile->nodes);
    free(profile);
}
