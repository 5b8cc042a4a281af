/* SPDX-License-Identifier: Apache-2.0 */
/* profile_print.c - the shapes in which a profile is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "run/profile_inside.h"

#define US_PER_S 1e6

/* How a thread's root looks: the sampler gives it this file. */
static bool is_thread(const struct profile_function *function)
{
    return strcmp(function->file, "<thread>") == 0;
}

bool profile_empty(const struct profile *profile)
{
    return profile->node_count == 1;
}

bool profile_ended(const struct profile *profile)
{
    return profile->ended;
}

struct profile_sum profile_sum(const struct profile *profile)
{
    struct profile_sum sum = { .lost = profile->lost };
    for (size_t i = 1; i < profile->node_count; i++) {
        const struct profile_node *node = &profile->nodes[i];
        sum.seconds_us += node->self_us;
        sum.samples += node->samples;
        sum.threads += node->parent == 0;
    }
    return sum;
}

/* --- functions -------------------------------------------------------------------------------- */

/* The same function further up: its time is counted there. */
static bool is_recursion(const struct profile *profile, const struct profile_node *node)
{
    for (uint32_t up = node->parent; up; up = profile->nodes[up].parent)
        if (profile->nodes[up].function == node->function)
            return true;
    return false;
}

static int by_self(const void *left, const void *right)
{
    const struct profile_row *a = left, *b = right;
    if (a->self_us != b->self_us)
        return a->self_us < b->self_us ? 1 : -1;
    if (a->total_us != b->total_us)
        return a->total_us < b->total_us ? 1 : -1;
    int names = strcmp(a->name, b->name);
    return names ? names : strcmp(a->file, b->file);
}

size_t profile_rows(const struct profile *profile, struct profile_row **ret)
{
    size_t count = 0;
    uint64_t *whole = xcalloc(profile->node_count, sizeof(*whole));
    struct profile_row *rows = xcalloc(profile->function_count, sizeof(*rows));
    /* Children come after their parents. */
    for (size_t i = profile->node_count - 1; i > 0; i--) {
        const struct profile_node *node = &profile->nodes[i];
        whole[i] += node->self_us;
        whole[node->parent] += whole[i];
        rows[node->function].self_us += node->self_us;
        if (!is_recursion(profile, node))
            rows[node->function].total_us += whole[i];
    }
    for (size_t i = 1; i < profile->function_count; i++) {
        const struct profile_function *function = &profile->functions[i];
        if (is_thread(function))
            continue;
        rows[count] = (struct profile_row){ .name = function->name,
                                            .file = function->file,
                                            .line = function->line,
                                            .self_us = rows[i].self_us,
                                            .total_us = rows[i].total_us };
        count++;
    }
    free(whole);
    qsort(rows, count, sizeof(*rows), by_self);
    *ret = rows;
    return count;
}

/* What tells a file from others: of a library's what follows where libraries lie. */
static const char *short_file(const char *file, bool name_alone)
{
    static const char *const places[] = { "/site-packages/", "/dist-packages/", "/lib/python3." };
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *found = strstr(file, places[i]);
        if (!found)
            continue;
        found = strchr(found + strlen(places[i]) - 1, '/');
        file = found && found[1] ? found + 1 : file;
        break;
    }
    const char *slash = name_alone ? strrchr(file, '/') : NULL;
    return slash && slash[1] ? slash + 1 : file;
}

/* "busy (main.py:12)", "sleep (built-in)"; `file` as it is to be shown. */
static void put_place(struct str *out, const char *name, const char *file, uint32_t line)
{
    if (strcmp(file, "<thread>") == 0)
        str_puts(out, name);
    else if (strcmp(file, "<built-in>") == 0)
        str_printf(out, "%s (built-in)", name);
    else if (line)
        str_printf(out, "%s (%s:%" PRIu32 ")", name, file, line);
    else
        str_printf(out, "%s (%s)", name, file);
}

void profile_row_print(const struct profile_row *row, struct str *out)
{
    put_place(out, row->name, short_file(row->file, false), row->line);
}

void profile_print_text(const struct profile *profile, size_t rows, struct str *out)
{
    const struct profile_sum sum = profile_sum(profile);
    struct profile_row *list;
    size_t count = profile_rows(profile, &list);
    double all = sum.seconds_us ? (double)sum.seconds_us : 1;
    str_printf(out, "%.3f s of %u thread%s, as the script's own process tells\n",
               (double)sum.seconds_us / US_PER_S, sum.threads, sum.threads == 1 ? "" : "s");
    if (sum.lost)
        str_printf(out, "%" PRIu64 " samples more had no room\n", sum.lost);
    str_puts(out, "\n     self              total            function\n");
    for (size_t i = 0; i < count && i < rows; i++) {
        const struct profile_row *row = &list[i];
        str_printf(out, "%9.3f s %5.1f %% %9.3f s %5.1f %%  ", (double)row->self_us / US_PER_S,
                   (double)row->self_us / all * 100, (double)row->total_us / US_PER_S,
                   (double)row->total_us / all * 100);
        profile_row_print(row, out);
        str_putc(out, '\n');
    }
    if (count > rows)
        str_printf(out, "and %zu functions more\n", count - rows);
    free(list);
}

struct json_object *profile_json(const struct profile *profile, size_t rows)
{
    const struct profile_sum sum = profile_sum(profile);
    struct profile_row *list;
    size_t count = profile_rows(profile, &list);
    double all = sum.seconds_us ? (double)sum.seconds_us : 1;
    struct json_object *object = json_object_new_object(), *functions = json_object_new_array();
    json_object_object_add(object, "seconds", json_number((double)sum.seconds_us / US_PER_S));
    json_object_object_add(object, "samples", json_object_new_uint64(sum.samples));
    json_object_object_add(object, "lost", json_object_new_uint64(sum.lost));
    json_object_object_add(object, "threads", json_object_new_int64(sum.threads));
    for (size_t i = 0; i < count && i < rows; i++) {
        const struct profile_row *row = &list[i];
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "name", json_object_new_string(row->name));
        json_object_object_add(one, "file", json_object_new_string(row->file));
        json_object_object_add(one, "line", row->line ? json_object_new_int64(row->line) : NULL);
        json_object_object_add(one, "self_seconds", json_number((double)row->self_us / US_PER_S));
        json_object_object_add(one, "total_seconds", json_number((double)row->total_us / US_PER_S));
        json_object_object_add(one, "share",
                               json_number((double)(uint64_t)((double)row->self_us / all * 1e4) /
                                           1e4));
        json_object_array_add(functions, one);
    }
    json_object_object_add(object, "functions", functions);
    free(list);
    return object;
}

/* --- stacks ----------------------------------------------------------------------------------- */

/* The functions from the outermost to the node's own; returns how many. */
static size_t path_to(const struct profile *profile, size_t node, uint32_t path[PROFILE_DEPTH_MAX])
{
    size_t depth = 0, count;
    for (size_t up = node; up; up = profile->nodes[up].parent)
        depth++;
    count = depth;
    for (size_t up = node; up; up = profile->nodes[up].parent)
        path[--depth] = profile->nodes[up].function;
    return count;
}

static void put_function(const struct profile *profile, uint32_t index, struct str *out)
{
    const struct profile_function *function = &profile->functions[index];
    put_place(out, function->name, function->file, function->line);
}

void profile_print_folded(const struct profile *profile, struct str *out)
{
    uint32_t path[PROFILE_DEPTH_MAX];
    for (size_t i = 1; i < profile->node_count; i++) {
        if (profile->nodes[i].self_us == 0)
            continue;
        size_t count = path_to(profile, i, path);
        for (size_t at = 0; at < count; at++) {
            size_t begin = out->len + (at > 0);
            if (at > 0)
                str_putc(out, ';');
            put_function(profile, path[at], out);
            for (size_t c = begin; c < out->len; c++)
                if (out->data[c] == ';')
                    out->data[c] = ',';
        }
        str_printf(out, " %" PRIu64 "\n", profile->nodes[i].self_us);
    }
}

struct json_object *profile_flame(const struct profile *profile, const char *label)
{
    uint32_t path[PROFILE_DEPTH_MAX];
    struct json_object *object = json_object_new_object(), *frames = json_object_new_array();
    json_object_object_add(object, "label", json_object_new_string(label));
    json_object_object_add(object, "samples", json_object_new_uint64(profile_sum(profile).samples));
    for (size_t i = 1; i < profile->node_count; i++) {
        if (profile->nodes[i].self_us == 0)
            continue;
        struct json_object *one = json_object_new_object(), *stack = json_object_new_array();
        size_t count = path_to(profile, i, path);
        for (size_t at = 0; at < count; at++) {
            const struct profile_function *function = &profile->functions[path[at]];
            autostr struct str name = { 0 };
            put_place(&name, function->name, short_file(function->file, true), function->line);
            json_object_array_add(stack, json_object_new_string(name.data));
        }
        json_object_object_add(one, "stack", stack);
        json_object_object_add(one, "seconds",
                               json_number((double)profile->nodes[i].self_us / US_PER_S));
        json_object_array_add(frames, one);
    }
    json_object_object_add(object, "frames", frames);
    return object;
}

static struct json_object *speedscope_frames(const struct profile *profile)
{
    struct json_object *frames = json_object_new_array();
    for (size_t i = 1; i < profile->function_count; i++) {
        const struct profile_function *function = &profile->functions[i];
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "name", json_object_new_string(function->name));
        json_object_object_add(one, "file", json_object_new_string(function->file));
        if (function->line)
            json_object_object_add(one, "line", json_object_new_int64(function->line));
        json_object_array_add(frames, one);
    }
    return frames;
}

struct json_object *profile_speedscope(const struct profile *profile, const char *name)
{
    uint32_t path[PROFILE_DEPTH_MAX];
    struct json_object *object = json_object_new_object(), *shared = json_object_new_object();
    struct json_object *profiles = json_object_new_array(), *one = json_object_new_object();
    struct json_object *samples = json_object_new_array(), *weights = json_object_new_array();
    for (size_t i = 1; i < profile->node_count; i++) {
        if (profile->nodes[i].self_us == 0)
            continue;
        struct json_object *stack = json_object_new_array();
        size_t count = path_to(profile, i, path);
        for (size_t at = 0; at < count; at++)
            json_object_array_add(stack, json_object_new_int64((int64_t)path[at] - 1));
        json_object_array_add(samples, stack);
        json_object_array_add(weights, json_object_new_uint64(profile->nodes[i].self_us));
    }
    json_object_object_add(one, "type", json_object_new_string("sampled"));
    json_object_object_add(one, "name", json_object_new_string(name));
    json_object_object_add(one, "unit", json_object_new_string("microseconds"));
    json_object_object_add(one, "startValue", json_object_new_int64(0));
    json_object_object_add(one, "endValue",
                           json_object_new_uint64(profile_sum(profile).seconds_us));
    json_object_object_add(one, "samples", samples);
    json_object_object_add(one, "weights", weights);
    json_object_array_add(profiles, one);
    json_object_object_add(shared, "frames", speedscope_frames(profile));
    json_object_object_add(object, "$schema",
                           json_object_new_string(
                               "https://www.speedscope.app/file-format-schema.json"));
    json_object_object_add(object, "name", json_object_new_string(name));
    json_object_object_add(object, "exporter", json_object_new_string("cordon"));
    json_object_object_add(object, "shared", shared);
    json_object_object_add(object, "profiles", profiles);
    return object;
}
