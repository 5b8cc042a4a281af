/* SPDX-License-Identifier: Apache-2.0 */
/* theme.h - colours that stay apart for every kind of eye (Okabe and Ito's, lighter on black). */
#pragma once

#include "chart/canvas.h"
#include "chart/document.h"

struct theme {
    const char *name;
    colour back, ink, muted, grid, axis;
    colour series[CHART_NAMED_MAX];
    colour others;
    colour alarm; /* limits and bad ends */
    colour phases[PHASE_COUNT];
    colour flames[6];
    colour on_flame; /* text on them */
};

const struct theme *theme_find(const char *name); /* NULL if unknown */

/* The same, thinner: `alpha` from 0 to 255. */
static inline colour faded(colour what, unsigned alpha)
{
    return (what & 0xffffff00U) | alpha;
}
