/* SPDX-License-Identifier: Apache-2.0 */
#include "ratio_words.h"

#include <math.h>

#include "str.h"

/* As the documents have it: who reads it from there must come to the same figures. */
static double as_written(double value)
{
    return round(value * 1e6) / 1e6;
}

/* 1.46 times as fast is easier to read than 0.686 times. */
static struct ratio inverse(struct ratio ratio)
{
    return (struct ratio){
        .ratio = 1 / ratio.ratio,
        .bounded = ratio.bounded && ratio.low > 0,
        .low = ratio.high > 0 ? 1 / ratio.high : 0,
        .high = ratio.low > 0 ? 1 / ratio.low : 0,
    };
}

char *ratio_words(const char *label, const char *against, struct ratio ratio)
{
    const char *faster = label, *slower = against;
    ratio.ratio = as_written(ratio.ratio);
    ratio.low = as_written(ratio.low);
    ratio.high = as_written(ratio.high);
    const double percent = 100 * RATIO_CONFIDENCE;
    if (ratio.bounded && ratio.low <= 1 && ratio.high >= 1)
        return xasprintf("no difference between %s and %s could be shown (%.0f %% interval %.2f to "
                         "%.2f times as fast)",
                         label, against, percent, ratio.low, ratio.high);
    if (ratio.ratio > 0 && ratio.ratio < 1) {
        ratio = inverse(ratio);
        faster = against;
        slower = label;
    }
    if (!ratio.bounded)
        return xasprintf("%s is %.2f times as fast as %s, in one run: that may be chance", faster,
                         ratio.ratio, slower);
    return xasprintf("%s is %.2f times as fast as %s (%.0f %% interval %.2f to %.2f)", faster,
                     ratio.ratio, slower, percent, ratio.low, ratio.high);
}
