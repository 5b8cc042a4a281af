/* SPDX-License-Identifier: Apache-2.0 */
/* filter_parts.h - between the rules of a policy and the instructions of a filter.
 *
 * Of the rules for one system call the last one that holds decides. libseccomp
 * has no order among rules, and does not take a plain "allow" beside a
 * conditional "deny" of the same call. So a filter is built in parts, each
 * without contradictions: the last part holds what is decided without looking
 * at arguments; a part before it holds the conditions that are asked earlier,
 * and goes on to the next part where none of them holds.
 */
#pragma once

#include <stdio.h>

#include "filter.h"

/* Rules of one call that are asked in turn; the array's last one is unconditional. */
struct call {
    int number;
    const struct syscall_rule **rules; /* first to be asked first */
    size_t rule_count;
};

struct call_table {
    struct call *calls; /* by number */
    size_t count;
    int otherwise;     /* errno */
    size_t part_count; /* at least 1 */
};

int call_table_make(const struct sandbox *sandbox, const struct policy *policy,
                    struct call_table *ret, struct error *err) must_check;
void call_table_done(struct call_table *table);

/* What decides a call, or NULL: then no rule names it. */
const struct call *call_table_find(const struct call_table *table, int number);

/* Can any arguments get this call through? */
bool call_is_reachable(const struct call *call);

/* What a rule answers: 0 for allow, else an errno; NULL stands for the policy's "otherwise". */
static inline int rule_answer(const struct syscall_rule *rule, int otherwise)
{
    return !rule ? otherwise : rule->allow ? 0 : rule->error;
}

/* The part in which a rule of a call is asked: 0 is the last one, without conditions. */
size_t call_part(const struct call *call, size_t rule);

int filter_compile(const struct call_table *table, struct filter *ret,
                   struct error *err) must_check;
int filter_describe(const struct call_table *table, FILE *out, struct error *err) must_check;
