/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - what the words of a request may look like; the same for command line and MCP.
 *
 * Failures are BLAME_CALLER and name the word, not the option or parameter it
 * came from: that is the caller's to put in front (fail_within).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

/* Letters, digits and '_', not beginning with a digit. */
bool variable_name_valid(const char *name);

/* "NAME=value" with a valid name. */
int variable_check(const char *pair, struct error *err) must_check;

/* Lower-case letters, digits, '-' and '_', beginning with a letter, shorter than
 * POLICY_NAME_MAX: a name can never be a path. */
int policy_name_check(const char *name, struct error *err) must_check;

/* "3", "3.12" or "3.12.4". */
int python_version_check(const char *version, struct error *err) must_check;

/* One line, not empty, beginning like a project's name: an option of uv's or a
 * path can never pass. Its grammar is for uv. */
int requirement_check(const char *text, struct error *err) must_check;

/* At most SCRIPT_BYTES_MAX. */
int code_size_check(size_t len, struct error *err) must_check;
