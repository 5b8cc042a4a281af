/* SPDX-License-Identifier: Apache-2.0 */
/* layers.h - what of the promised protections a box really has, in one place.
 *
 * Values are the contract's (section 3): "on", "abi N", "off: REASON" for layers,
 * "enforced (HOW)", "approximated (HOW)", "missing: REASON" for limits.
 */
#pragma once

#include "cgroup.h"
#include "plan.h"
#include "verdict.h"

/* One line more. */
void layers_add(struct started *started, const char *name, const char *value);

/* Fills started->layers. `verdict` is the self-test's, or NULL for the box that makes it;
 * `growth` is the word on limits.workspace_growth (workspace.h), NULL: no workspace. */
void layers_make(const struct plan *plan, const struct cgroup *cgroup,
                 const struct verdict *verdict, const char *growth, struct started *started);

/* The same where no box can be built: every layer is off, and why. */
void layers_none(const char *reason, struct started *started);

/* 0 if every layer the policy requires holds; else a refusal naming the first that does not. */
int layers_require(const struct policy *policy, const struct started *started,
                   struct error *err) must_check;

/* What an operator can do about a layer that is off or missing; NULL where nothing is known. */
const char *layers_advice(const char *name);
