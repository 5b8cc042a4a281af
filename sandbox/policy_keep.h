/* SPDX-License-Identifier: Apache-2.0 */
/* policy_keep.h - policies that were made ready once: read, judged, and their filter compiled.
 *
 * Kept in STATE/gate/filters with the very text they were made from. What is found again counts
 * only while that text, the groups' text, this program and libseccomp are the same to the byte,
 * so nothing is ever permitted by a memory that the policy's own file does not permit.
 */
#pragma once

#include "policy_parts.h"
#include "str.h"

/* What a policy is made from. */
struct policy_text_pair {
    const char *path; /* the policy's */
    const char *text;
    size_t len;
    const struct groups *groups; /* their text; they need not be parsed */
};

/* -ENOENT where nothing is kept, or not for these texts. */
int policy_recall(const struct sandbox *sandbox, const struct policy_text_pair *from,
                  struct policy **ret, struct error *err) must_check;

/* Where it cannot be kept it is made ready again the next time. */
void policy_keep(const struct sandbox *sandbox, const struct policy_text_pair *from,
                 const struct policy *policy);

/* All of a policy but its system call rules and its program, as bytes, and back: the pure part. */
void policy_flatten(const struct policy *policy, struct str *out);
int policy_unflatten(const void *bytes, size_t len, struct policy **ret,
                     struct error *err) must_check;
