/* SPDX-License-Identifier: Apache-2.0 */
/* spread.h - how figures of many runs lie: sorted, and what stands in their middle. */
#pragma once

#include <stddef.h>

#include "chart/document.h"

struct spread {
    double *sorted; /* those that are known */
    size_t count;
    double low, quarter, median, three_quarters, high; /* NAN where there are none */
};

enum figures { FIGURES_WALL, FIGURES_MEMORY };

double run_figure(const struct run_figures *run, enum figures which);

/* Of the runs that ended well; of all, where none did. */
void spread_make(const struct measured *measured, enum figures which, struct spread *ret);
void spread_done(struct spread *spread);

/* Beside each other without touching: `xs` ascending, `ret` the distances from the middle line,
 * at most `most` to either side. False where that has no room for all: then some lie upon others.
 */
bool spread_swarm(const double *xs, size_t count, double diameter, double most, double *ret);
