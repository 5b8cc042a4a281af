/* SPDX-License-Identifier: Apache-2.0 */
/* policy_words.h - the words of `cordon policy`: each prints, and returns the exit status. */
#pragma once

#include "policy_parts.h"

enum { POLICY_GOOD = 0, POLICY_BAD = 1, POLICY_HOST = 125 };

/* What stands behind the word itself. */
typedef int policy_word(const struct sandbox *sandbox, int argc, char *const *argv);
policy_word policy_show, policy_diff, policy_explain, policy_learn;

/* One line on standard error; returns `status`. */
int policy_complain(int status, const char *fmt, ...) printf_like(2, 3);

/* A policy by its name, or a file where policy_is_file(). */
int policy_named(const struct sandbox *sandbox, const char *what, struct policy **ret,
                 struct error *err) must_check;

/* A path as a person would write it, without the way we came by it; the caller's. */
char *policy_plain_path(const char *path);
