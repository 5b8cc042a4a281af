/* SPDX-License-Identifier: Apache-2.0 */
/* filter_table.c - for each system call the rules that decide it, in the order they are asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter_parts.h"
#include "policy_parts.h"
#include "str.h"
#include "syscalls.h"

static struct call *call_of(struct call_table *table, int number)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->calls[i].number == number)
            return &table->calls[i];
    table->calls = xrealloc(table->calls, (table->count + 1) * sizeof(*table->calls));
    table->calls[table->count] = (struct call){ .number = number };
    return &table->calls[table->count++];
}

static void add_rule(struct call_table *table, const char *name, const struct syscall_rule *rule)
{
    int number = syscall_number(name);
    if (number < 0)
        return; /* another architecture's: nothing of ours can be meant */
    struct call *call = call_of(table, number);
    call->rules =
        xrealloc(call->rules, (call->rule_count + 1) * sizeof(const struct syscall_rule *));
    call->rules[call->rule_count++] = rule;
}

static int add_named(const struct groups *groups, struct call_table *table,
                     const struct syscall_rule *rule, struct error *err)
{
    for (char *const *name = rule->calls; *name; name++) {
        if (**name != '@') {
            add_rule(table, *name, rule);
            continue;
        }
        const struct group *group = group_find(groups, *name);
        if (!group)
            return fail_host_as(err, ENOENT, "%s has no group %s", groups->path, *name);
        for (char *const *call = group->calls; call && *call; call++)
            add_rule(table, *call, rule);
    }
    return 0;
}

static bool same_answer(const struct syscall_rule *a, const struct syscall_rule *b, int otherwise)
{
    return rule_answer(a, otherwise) == rule_answer(b, otherwise);
}

/* Turns "last one wins" into "first one that holds", ending with one that
 * always does; NULL stands for the policy's "otherwise". */
static void settle_call(struct call *call, int otherwise)
{
    size_t count = 0;
    const struct syscall_rule **rules =
        xcalloc(call->rule_count + 1, sizeof(const struct syscall_rule *));
    for (size_t i = call->rule_count; i-- > 0;) {
        rules[count++] = call->rules[i];
        if (call->rules[i]->when_count == 0)
            break;
    }
    if (rules[count - 1]->when_count > 0)
        rules[count++] = NULL;
    /* A condition in front of the same answer asks for nothing. */
    while (count > 1 && same_answer(rules[count - 2], rules[count - 1], otherwise)) {
        rules[count - 2] = rules[count - 1];
        count--;
    }
    free(call->rules);
    call->rules = rules;
    call->rule_count = count;
}

/* Neighbours with the same answer contradict each other nowhere: they share a part. */
size_t call_part(const struct call *call, size_t rule)
{
    size_t part = 0;
    for (size_t i = call->rule_count - 1; i > rule; i--) {
        bool last = i == call->rule_count - 1;
        if (last || !same_answer(call->rules[i - 1], call->rules[i], 0))
            part++;
    }
    return part;
}

const struct call *call_table_find(const struct call_table *table, int number)
{
    for (size_t i = 0; number >= 0 && i < table->count; i++)
        if (table->calls[i].number == number)
            return &table->calls[i];
    return NULL;
}

bool call_is_reachable(const struct call *call)
{
    for (size_t i = 0; i < call->rule_count; i++)
        if (call->rules[i] && call->rules[i]->allow)
            return true;
    return false;
}

static int order_calls(const void *left, const void *right)
{
    const struct call *a = left, *b = right;
    return a->number < b->number ? -1 : a->number > b->number;
}

int call_table_make(const struct sandbox *sandbox, const struct policy *policy,
                    struct call_table *ret, struct error *err)
{
    const struct groups *groups = groups_get(sandbox, err);
    if (!groups)
        return -err->code;
    struct call_table table = { .otherwise = policy->otherwise ? policy->otherwise : ENOSYS,
                                .part_count = 1 };
    for (size_t i = 0; i < policy->syscall_count; i++) {
        int r = add_named(groups, &table, &policy->syscalls[i], err);
        if (r < 0) {
            call_table_done(&table);
            return r;
        }
    }
    for (size_t i = 0; i < table.count; i++) {
        settle_call(&table.calls[i], table.otherwise);
        size_t parts = call_part(&table.calls[i], 0) + 1;
        if (parts > table.part_count)
            table.part_count = parts;
    }
    if (table.count > 1)
        qsort(table.calls, table.count, sizeof(*table.calls), order_calls);
    *ret = table;
    return 0;
}

void call_table_done(struct call_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->calls[i].rules);
    free(table->calls);
    *table = (struct call_table){ 0 };
}
