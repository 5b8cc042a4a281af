/* SPDX-License-Identifier: Apache-2.0 */
/* prompts.h - what a person may ask of a model with these tools, ready to be filled in. */
#pragma once

#include "mcp/offer.h"

#define PROMPT_JOB    "explain_job"
#define PROMPT_SAVED  "use_saved_script"
#define PROMPT_POLICY "write_script"

#define PRODUCT_PROMPTS 5
extern const struct prompt product_prompts[PRODUCT_PROMPTS];
