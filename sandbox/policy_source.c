/* SPDX-License-Identifier: Apache-2.0 */
/* policy_source.c - lines and words of a policy's file. */
#include "policy_source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "policy_parts.h"
#include "syscalls.h"

int policy_source_open(const struct policy *policy, struct policy_source *ret, struct error *err)
{
    struct policy_source source = { .policy = policy };
    int r = policy_text(policy->source, &source.text, &source.len, err);
    if (r < 0)
        return r;
    /* It was read before: only a file that changed meanwhile fails here. */
    if (json_load(source.text, source.len, &source.root, err) != JSON_OK || !source.root) {
        policy_source_done(&source);
        return fail_host_as(err, EAGAIN, "%s changed while it was read", policy->source);
    }
    *ret = source;
    return 0;
}

void policy_source_done(struct policy_source *source)
{
    free(source->text);
    json_put(&source->root);
    *source = (struct policy_source){ 0 };
}

unsigned policy_source_line(const struct policy_source *source, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char path[120];
    (void)vsnprintf(path, sizeof(path), fmt, args);
    va_end(args);
    for (;;) {
        unsigned line = json_line_of(source->text, source->len, path);
        char *last = line == 0 ? strrchr(path, '.') : NULL;
        if (!last)
            return line ? line : 1;
        *last = '\0';
    }
}

size_t policy_source_number(const struct policy_source *source, const struct syscall_rule *rule)
{
    return (size_t)(rule - source->policy->syscalls);
}

/* --- conditions ------------------------------------------------------------- */

static struct json_object *when_of(const struct policy_source *source, size_t number)
{
    struct json_object *at = source->root;
    if (!json_object_object_get_ex(at, "syscalls", &at) ||
        !json_object_object_get_ex(at, "rules", &at))
        return NULL;
    at = json_object_array_get_idx(at, number);
    return at && json_object_object_get_ex(at, "when", &at) ? at : NULL;
}

static void add_values(struct str *out, struct json_object *values, const char *before_last)
{
    size_t count = json_object_array_length(values);
    for (size_t i = 0; i < count; i++)
        str_printf(out, "%s%s",
                   i == 0           ? ""
                   : i + 1 == count ? before_last
                                    : ", ",
                   json_object_get_string(json_object_array_get_idx(values, i)));
}

static void add_condition(struct str *out, const char *argument, struct json_object *condition)
{
    struct json_object *mask, *values;
    str_printf(out, "argument %s", argument);
    if (json_object_is_type(condition, json_type_array)) {
        str_puts(out, " is ");
        add_values(out, condition, " or ");
    } else if (json_object_object_get_ex(condition, "bits", &values)) {
        str_puts(out, " has a bit of ");
        add_values(out, values, ", ");
    } else if (json_object_object_get_ex(condition, "is", &values)) {
        if (json_object_object_get_ex(condition, "mask", &mask))
            str_printf(out, " & %s", json_object_get_string(mask));
        str_puts(out, " is ");
        add_values(out, values, " or ");
    }
}

void policy_source_rule(const struct policy_source *source, const struct syscall_rule *rule,
                        struct str *out)
{
    if (rule->allow)
        str_puts(out, "allow");
    else
        str_printf(out, "deny with %s", errno_name(rule->error));
    struct json_object *when = when_of(source, policy_source_number(source, rule));
    if (!when)
        return;
    const char *before = " where ";
    json_object_object_foreach(when, argument, condition)
    {
        str_puts(out, before);
        add_condition(out, argument, condition);
        before = " and ";
    }
}

const char *policy_source_value(const struct policy_source *source, const struct syscall_rule *rule,
                                unsigned argument)
{
    char name[12];
    struct json_object *when = when_of(source, policy_source_number(source, rule)), *at, *values;
    (void)snprintf(name, sizeof(name), "%u", argument);
    if (!when || !json_object_object_get_ex(when, name, &at))
        return NULL;
    if (json_object_is_type(at, json_type_object) &&
        (json_object_object_get_ex(at, "bits", &values) ||
         json_object_object_get_ex(at, "is", &values)))
        at = values;
    if (!json_object_is_type(at, json_type_array))
        return NULL;
    return json_object_get_string(json_object_array_get_idx(at, 0));
}
