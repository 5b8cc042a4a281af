/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h - the records of one state as those of another. */
#pragma once

#include <cordon/error.h>

/* `from` and `to` are descriptors of two STATE/front, borrowed. All records as they stand together,
 * also while servers write; what `to` had is replaced. Jobs that run are in it as running, and
 * their keeper is not: who looks at them there ends them as failed. */
int store_copy(int from, int to, struct error *err) must_check;
