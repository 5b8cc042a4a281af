/* SPDX-License-Identifier: Apache-2.0 */
/* policy_propose.h - from what a run was denied to the smallest rules that allow just that. */
#pragma once

#include <stdint.h>

#include "filter_parts.h"
#include "policy_source.h"

#define CALL_NUMBERS 1024 /* more than any kernel has; foreign ones end the process */
#define ARGUMENTS    6
#define DENIALS_KEPT                                                            \
    1024 /* different ones; what a stranger could invent beyond is only counted \
          */

/* A denied call, of its arguments only the bits that rules look at. */
struct denial {
    int number;
    uint64_t arguments[ARGUMENTS];
    uint64_t count;
};

/* Plain data, so that it can lie in memory that two processes share. */
struct denials {
    uint64_t looked_at[CALL_NUMBERS][ARGUMENTS]; /* masks: what the policy's rules compare */
    struct denial list[DENIALS_KEPT];
    size_t count;
    uint64_t lost;
};

void denials_init(struct denials *denials, const struct call_table *table);
void denials_add(struct denials *denials, int number, const uint64_t arguments[ARGUMENTS]);

/* The rule that denied it; NULL: none names it. */
const struct syscall_rule *denial_rule(const struct call_table *table, const struct denial *denial);

/* One call that is asked for with more different arguments is not for a rule to list. */
#define VARIANTS_MAX 16

/* Rules that allow each denied call with the arguments it was denied with, as JSON lines whose
 * "why" is `why`. *wild gets the names of calls that came with too many different ones. Both
 * lists are the caller's. */
char **propose_rules(const struct policy_source *source, const struct call_table *table,
                     const struct denials *denials, const char *why, char ***wild);
