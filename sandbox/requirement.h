/* SPDX-License-Identifier: Apache-2.0 */
/* requirement.h - which requirement strings may reach uv.
 *
 * A requirement is a name with extras, versions and markers. Everything that
 * would make uv fetch from a place of the stranger's choosing (URL, path, git)
 * or read as an option is refused by name; syntax beyond that is uv's to judge.
 */
#pragma once

#include <cordon/error.h>

#define REQUIREMENT_MAX  1000 /* bytes of one; the longest real ones are some 200 */
#define REQUIREMENTS_MAX 500  /* of one environment; they travel as arguments of one command */

/* BLAME_CALLER with the reason. `text` may be anything. */
int requirement_admit(const char *text, struct error *err) must_check;
int requirements_admit(char *const *list, struct error *err) must_check;

/* Takes user information and queries out of every URL in `text`, in place. */
void redact_urls(char *text);
