/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/spread.h"

#include <math.h>
#include <stdlib.h>

#include "str.h"

double run_figure(const struct run_figures *run, enum figures which)
{
    return which == FIGURES_WALL ? run->wall_seconds : run->memory_mb;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two nearest, as most programs do it. */
static double quantile(const struct spread *spread, double part)
{
    if (spread->count == 0)
        return UNKNOWN;
    double place = part * (double)(spread->count - 1);
    size_t below = (size_t)place;
    double rest = place - (double)below;
    size_t above = below + 1 < spread->count ? below + 1 : below;
    return spread->sorted[below] * (1 - rest) + spread->sorted[above] * rest;
}

static void take(const struct measured *measured, enum figures which, bool all, struct spread *ret)
{
    for (size_t i = 0; i < measured->run_count; i++) {
        double value = run_figure(&measured->runs[i], which);
        if (!isnan(value) && (all || measured->runs[i].good))
            ret->sorted[ret->count++] = value;
    }
}

void spread_make(const struct measured *measured, enum figures which, struct spread *ret)
{
    *ret = (struct spread){ .sorted = xcalloc(measured->run_count + 1, sizeof(*ret->sorted)) };
    take(measured, which, false, ret);
    if (ret->count == 0)
        take(measured, which, true, ret);
    if (ret->count == 0 && measured->run_count == 0) {
        double one = which == FIGURES_WALL ? measured->wall_seconds : measured->peak_memory_mb;
        if (!isnan(one))
            ret->sorted[ret->count++] = one;
    }
    qsort(ret->sorted, ret->count, sizeof(*ret->sorted), ascending);
    ret->low = quantile(ret, 0);
    ret->quarter = quantile(ret, 0.25);
    ret->median = quantile(ret, 0.5);
    ret->three_quarters = quantile(ret, 0.75);
    ret->high = quantile(ret, 1);
}

void spread_done(struct spread *spread)
{
    free(spread->sorted);
}

static bool touches(const double *xs, const double *ys, size_t i, double y, double diameter)
{
    for (size_t j = i; j > 0 && xs[i] - xs[j - 1] < diameter; j--)
        if (hypot(xs[i] - xs[j - 1], y - ys[j - 1]) < diameter)
            return true;
    return false;
}

static bool place_one(const double *xs, double *ys, size_t i, double diameter, double most)
{
    double step = diameter / 2;
    for (int n = 0; n * step <= most; n++)
        for (int side = 1; side >= -1; side -= 2) {
            ys[i] = side * n * step;
            if (!touches(xs, ys, i, ys[i], diameter))
                return true;
        }
    ys[i] = 0;
    return false;
}

bool spread_swarm(const double *xs, size_t count, double diameter, double most, double *ret)
{
    bool room = true;
    for (size_t i = 0; i < count; i++)
        room = place_one(xs, ret, i, diameter, most) && room;
    return room;
}
