/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what this host can enforce, what it cannot, what to do about it. */
#pragma once

#include "sandbox.h"

/* `cordon-sandbox check [--json] [--policy NAME]`: builds a throw-away box of the
 * policy and prints a verdict per layer and limit. 0 only if all the policy
 * requires holds. */
int check_command(const struct sandbox *sandbox, int argc, char *const *argv);
