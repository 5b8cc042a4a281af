/* SPDX-License-Identifier: Apache-2.0 */
/* completing.h - how names that were begun may go on: ids of jobs, saved scripts, policies. */
#pragma once

#include "mcp/offer.h"

/* The offer's `complete`. */
void product_complete(struct call *call, const struct completion *asked);
