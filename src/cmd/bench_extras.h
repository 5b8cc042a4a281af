/* SPDX-License-Identifier: Apache-2.0 */
/* bench_extras.h - what a benchmark may leave beside its figures: a chart. */
#pragma once

#include <json-c/json.h>

#include <cordon/error.h>

#include "cmd/options.h"

/* Before anything runs: can it be made? */
int bench_extras_check(const struct options *options, struct error *err) must_check;

/* Once all has run; `object` is the whole result (bench_json()). */
int bench_extras_make(const struct options *options, struct json_object *object,
                      struct error *err) must_check;
