/* SPDX-License-Identifier: Apache-2.0 */
/* policy_syscalls.c - a policy's "syscalls": the rules and what they may compare. */
#include <errno.h>
#include <string.h>

#include "policy_parts.h"
#include "str.h"
#include "syscalls.h"

/* A rule's alternatives are multiplied out for libseccomp; a filter has 4096 instructions. */
#define ALTERNATIVES_MAX 128

/* What one object of "rules" says before it is judged as a whole. */
struct draft {
    char **allow, **deny;
    int error;
    struct syscall_rule rule; /* when and why */
};

static void read_errno(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    const char *name = json_read_string(reading, path, value);
    int number = name ? errno_number(name) : 0;
    if (name && number == 0) {
        autostr struct str names = { 0 };
        for (int i = 1; i < 134; i++)
            if (errno_name(i))
                str_printf(&names, "%s%s", names.len ? ", " : "", errno_name(i));
        json_fault_at(reading, path, "allowed are %s", names.data);
    }
    if (number > 0)
        *(int *)into = number;
}

/* --- names ------------------------------------------------------------------ */

static void add_call(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    const struct groups *groups = reading->context;
    const char *name = json_read_string(reading, path, value);
    if (!name)
        return;
    if (name[0] == '@' && !group_find(groups, name)) {
        autostr struct str names = { 0 };
        for (size_t i = 0; i < groups->count; i++)
            str_printf(&names, "%s%s", i ? ", " : "", groups->list[i].name);
        json_fault_at(reading, path, "no group is named \"%.60s\"; there are %s", name,
                      names.len ? names.data : "none");
    } else if (name[0] != '@' && syscall_number(name) == SYSCALL_UNKNOWN) {
        json_fault_at(reading, path, "no system call is named \"%.60s\"", name);
    } else {
        list_add(into, name);
    }
}

/* One name or a list of them. */
static void read_calls(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    if (json_object_is_type(value, json_type_string))
        add_call(reading, path, value, into);
    else if (json_object_is_type(value, json_type_array) && json_object_array_length(value) > 0)
        json_read_array(reading, path, value, add_call, into);
    else
        json_fault_at(reading, path, "a system call, a \"@group\" or a list of them is wanted");
}

/* --- conditions ------------------------------------------------------------- */

static bool read_value(struct json_reading *reading, const char *path, struct json_object *value,
                       uint64_t *ret)
{
    if (json_object_is_type(value, json_type_int)) {
        int64_t number = json_object_get_int64(value);
        /* -1 is what a C programmer writes for an int with all bits set. */
        *ret = number < 0 && number >= INT32_MIN ? (uint32_t)number : json_object_get_uint64(value);
        return number >= INT32_MIN;
    }
    const char *text = json_read_string(reading, path, value);
    if (!text)
        return false;
    if (constant_value(text, ret))
        return true;
    json_fault_at(reading, path,
                  "\"%.60s\" is no constant that rules know; a number such as 5, \"0x5\" or "
                  "\"07000\" may stand instead",
                  text);
    return false;
}

static void add_value(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    struct syscall_when *when = into;
    uint64_t number;
    if (!read_value(reading, path, value, &number))
        return;
    if (when->value_count == ALTERNATIVES_MAX) {
        json_fault_at(reading, path, "more than %d values", ALTERNATIVES_MAX);
        return;
    }
    when->values = xrealloc(when->values, (when->value_count + 1) * sizeof(uint64_t));
    when->values[when->value_count++] = number;
}

static void read_is(struct json_reading *reading, const char *path, struct json_object *value,
                    void *into)
{
    json_read_array(reading, path, value, add_value, into);
}

static void read_mask(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    struct syscall_when *when = into;
    uint64_t mask = 0;
    if (read_value(reading, path, value, &mask) && mask == 0)
        json_fault_at(reading, path, "a mask without bits");
    else
        when->mask = mask;
}

/* "bits": the union of the list, of which any may be set. */
static void read_bits(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    struct syscall_when bits = { 0 }, *when = into;
    json_read_array(reading, path, value, add_value, &bits);
    for (size_t i = 0; i < bits.value_count; i++)
        when->mask |= bits.values[i];
    free(bits.values);
    when->any = true;
}

static const struct json_member when_members[] = {
    { .name = "mask", .read = read_mask },
    { .name = "is", .read = read_is },
    { .name = "bits", .read = read_bits },
    { 0 },
};

/* Without a mask the width of the values decides how much of the argument is compared. */
static void settle_mask(struct syscall_when *when)
{
    if (when->mask != 0)
        return;
    when->mask = UINT32_MAX;
    for (size_t i = 0; i < when->value_count; i++)
        if (when->values[i] > UINT32_MAX)
            when->mask = UINT64_MAX;
}

static bool when_is_sound(const struct syscall_when *when)
{
    if (when->any)
        return when->value_count == 0 && when->mask != 0;
    for (size_t i = 0; i < when->value_count; i++)
        if (when->values[i] & ~when->mask)
            return false;
    return when->value_count > 0;
}

static void read_one_when(struct json_reading *reading, const char *path, const char *argument,
                          struct json_object *value, struct syscall_rule *rule)
{
    if (strlen(argument) != 1 || argument[0] < '0' || argument[0] > '5') {
        json_fault_at(reading, path, "arguments are numbered \"0\" to \"5\"");
        return;
    }
    struct syscall_when when = { .argument = (unsigned)(argument[0] - '0') };
    unsigned before = reading->faults;
    if (json_object_is_type(value, json_type_array))
        json_read_array(reading, path, value, add_value, &when);
    else
        json_read_object(reading, path, value, when_members, &when);
    if (!when.any)
        settle_mask(&when);
    bool mixed = when.any && json_object_object_length(value) != 1;
    if (reading->faults == before && (mixed || !when_is_sound(&when)))
        json_fault_at(reading, path,
                      "a list of values, {\"mask\": …, \"is\": [values within it]} or {\"bits\": "
                      "[any of these]} is wanted");
    if (reading->faults != before) {
        free(when.values);
        return;
    }
    rule->when = xrealloc(rule->when, (rule->when_count + 1) * sizeof(*rule->when));
    rule->when[rule->when_count++] = when;
}

static size_t alternatives(const struct syscall_when *when)
{
    return when->any ? (size_t)__builtin_popcountll(when->mask) : when->value_count;
}

static void read_when(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    struct syscall_rule *rule = into;
    if (!json_object_is_type(value, json_type_object) || json_object_object_length(value) == 0) {
        json_fault_at(reading, path, "conditions such as {\"1\": [\"TIOCSTI\"]} are wanted");
        return;
    }
    json_object_object_foreach(value, argument, condition)
    {
        autofree char *place = xasprintf("%s.%s", path, argument);
        read_one_when(reading, place, argument, condition, rule);
    }
    size_t product = 1;
    for (size_t i = 0; i < rule->when_count && product <= ALTERNATIVES_MAX; i++)
        product *= alternatives(&rule->when[i]);
    if (product > ALTERNATIVES_MAX)
        json_fault_at(reading, path, "more than %d combinations of values", ALTERNATIVES_MAX);
}

/* --- rules ------------------------------------------------------------------ */

static const struct json_member rule_members[] = {
    { .name = "allow", .read = read_calls, .offset = offsetof(struct draft, allow) },
    { .name = "deny", .read = read_calls, .offset = offsetof(struct draft, deny) },
    { .name = "with", .read = read_errno, .offset = offsetof(struct draft, error) },
    { .name = "when", .read = read_when, .offset = offsetof(struct draft, rule) },
    { .name = "why",
      .read = json_read_text_member,
      .offset = offsetof(struct draft, rule) + offsetof(struct syscall_rule, why) },
    { 0 },
};

static bool only_groups(char *const *calls)
{
    for (; *calls; calls++)
        if (**calls != '@')
            return false;
    return true;
}

static void judge_rule(struct json_reading *reading, const char *path, const struct draft *draft)
{
    bool plain = draft->allow && !draft->rule.when && only_groups(draft->allow);
    if (!draft->allow == !draft->deny)
        json_fault_at(reading, path, "one of \"allow\" and \"deny\" is wanted");
    else if (draft->deny && draft->error == 0)
        json_fault_at(reading, path, "\"deny\" needs \"with\", the errno that programs get");
    else if (draft->allow && draft->error != 0)
        json_fault_at(reading, path, "\"with\" belongs to \"deny\"");
    else if (!plain && !draft->rule.why)
        json_fault_at(reading, path,
                      "\"why\" is missing: every rule needs a reason that does more than to allow "
                      "groups");
}

static void add_rule(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    struct policy *policy = into;
    struct draft draft = { 0 };
    unsigned before = reading->faults;
    json_read_object(reading, path, value, rule_members, &draft);
    if (reading->faults == before)
        judge_rule(reading, path, &draft);
    draft.rule.allow = draft.allow != NULL;
    draft.rule.error = draft.error;
    draft.rule.calls = draft.allow ? draft.allow : draft.deny;
    if (draft.allow && draft.deny)
        list_free(draft.deny);
    /* Kept even when it is faulty: policy_free() is what ends it. */
    policy->syscalls =
        xrealloc(policy->syscalls, (policy->syscall_count + 1) * sizeof(*policy->syscalls));
    policy->syscalls[policy->syscall_count++] = draft.rule;
}

static void read_rules(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_array(reading, path, value, add_rule, into);
}

static const struct json_member members[] = {
    { .name = "otherwise", .read = read_errno, .offset = offsetof(struct policy, otherwise) },
    { .name = "rules", .read = read_rules },
    { 0 },
};

void policy_read_syscalls(struct json_reading *reading, const char *path, struct json_object *value,
                          void *into)
{
    json_read_object(reading, path, value, members, into);
}
