/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h - a policy's system call rules as a BPF program, by libseccomp; compiled once, kept. */
#pragma once

#include <linux/filter.h>
#include <stdio.h>

#include <cordon/policy.h>

#include "sandbox.h"

struct filter {
    struct sock_filter *program; /* owned */
    unsigned short length;       /* instructions */
};

/* The filter of a policy: a copy of what one that is ready has, else compiled. */
int filter_for(const struct sandbox *sandbox, const struct policy *policy, struct filter *ret,
               struct error *err) must_check;
void filter_done(struct filter *filter);

/* libseccomp's pseudo filter code as text, for golden files and `policy show`. */
int filter_print(const struct sandbox *sandbox, const struct policy *policy, FILE *out,
                 struct error *err) must_check;

/* How many system calls of the native architecture the policy lets through. */
int filter_reachable(const struct sandbox *sandbox, const struct policy *policy,
                     struct error *err) must_check;

/* Can a script under this policy make no setuid, setgid or device file, wherever
 * it may write? Where it can, nothing of another user's may be writable. */
bool filter_guards_modes(const struct sandbox *sandbox, const struct policy *policy);
