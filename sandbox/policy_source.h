/* SPDX-License-Identifier: Apache-2.0 */
/* policy_source.h - a policy as its file has it: where a rule stands, and in which words.
 *
 * struct policy keeps values; constants' names and lines are only in the text.
 */
#pragma once

#include <json-c/json.h>

#include <cordon/policy.h>

#include "str.h"

struct policy_source {
    const struct policy *policy;
    char *text;
    size_t len;
    struct json_object *root;
};

/* The file that `policy` (borrowed) was read from. */
int policy_source_open(const struct policy *policy, struct policy_source *ret,
                       struct error *err) must_check;
void policy_source_done(struct policy_source *source);
#define autosource __attribute__((cleanup(policy_source_done)))

/* The line of "syscalls.rules[3]" and the like; where that is not there, of what would hold it. */
unsigned policy_source_line(const struct policy_source *source, const char *fmt, ...)
    printf_like(2, 3);

/* A rule's place among the policy's. */
size_t policy_source_number(const struct policy_source *source, const struct syscall_rule *rule);

/* The first value that a rule compares an argument with, as the file writes it, or NULL; lives as
 * long as the source. */
const char *policy_source_value(const struct policy_source *source, const struct syscall_rule *rule,
                                unsigned argument);

/* "deny with EPERM where argument 1 is TIOCSTI or TIOCLINUX", as the file names things. */
void policy_source_rule(const struct policy_source *source, const struct syscall_rule *rule,
                        struct str *out);
