/* SPDX-License-Identifier: Apache-2.0 */
/* policy_explain.h - what the parts of `policy explain` share. */
#pragma once

#include "policy_source.h"
#include "policy_words.h"

/* A rule's line and words, and its reason where it has one. */
void explain_line(const struct policy_source *source, const char *path, const char *says,
                  const char *why);

/* The rule (NULL: none) by which a system call is answered. */
void explain_call_rule(const struct policy_source *source, const struct groups *groups,
                       const struct syscall_rule *rule, int number);

/* What of an absolute, plain path a box sees. */
void explain_path(const struct policy_source *source, const char *path);
