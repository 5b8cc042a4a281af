/* SPDX-License-Identifier: Apache-2.0 */
/* product.h - what `cordon serve` offers. Its calls have services (services.h). */
#pragma once

#include "mcp/offer.h"

extern const struct offer product_offer;
