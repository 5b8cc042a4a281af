/* SPDX-License-Identifier: Apache-2.0 */
/* result_changes.h - the members of a result about what a run did to its workspace. */
#pragma once

#include <json-c/json.h>

#include <cordon/changes.h>

/* Adds `changes` with as many entries as cost at most `room` (in capture_cost's coin),
 * `changes_omitted` where that or the list itself is not all, and `changes_applied`
 * where it is decided by the run's end. Nothing at all where there is nothing to say. */
void result_add_changes(struct json_object *object, const struct changes *changes, size_t room);
