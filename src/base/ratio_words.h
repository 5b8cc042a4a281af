/* SPDX-License-Identifier: Apache-2.0 */
/* ratio_words.h - a comparison as a sentence: the terminal and the picture say the same. */
#pragma once

#include <cordon/own.h>

#include "statistics.h"

/* "a.py is 1.46 times as fast as b.py (95 % interval 1.12 to 1.90)", the caller's. `label` is
 * `ratio` times as fast as `against`; the faster one comes first in the sentence. */
char *ratio_words(const char *label, const char *against, struct ratio ratio) never_null;
