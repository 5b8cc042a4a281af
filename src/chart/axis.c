/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/axis.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cordon/own.h>

/* Where a longer list of ticks comes from, it is a mistake in here. */
#define TICKS_MAX 64

/* From here on the power of ten is shorter, and there is no room for more. */
#define LONG_NUMBER 1e5

struct unit {
    double from; /* the smallest value that is told in it */
    double size;
    const char *name;
};

/* The first row is for everything smaller, too. A minute is told from three on: 90 s is
 * shorter than 1.5 min. */
static const struct unit times[] = {
    { 0, 1e-9, "ns" },  { 1e-6, 1e-6, "µs" },      { 1e-3, 1e-3, "ms" },          { 1, 1, "s" },
    { 180, 60, "min" }, { 3 * 3600.0, 3600, "h" }, { 3 * 86400.0, 86400, "days" }
};
static const struct unit memories[] = { { 0, 1 / 1024.0, "KB" },
                                        { 1, 1, "MB" },
                                        { 1024, 1024, "GB" },
                                        { 1024 * 1024.0, 1024 * 1024.0, "TB" } };
static const struct unit plain[] = { { 0, 1, "" } };

static const struct {
    const struct unit *list;
    size_t count;
} units[] = { [QUANTITY_TIME] = { times, COUNT(times) },
              [QUANTITY_MEMORY] = { memories, COUNT(memories) },
              [QUANTITY_PLAIN] = { plain, COUNT(plain) } };

static const struct unit *unit_for(enum quantity quantity, double value)
{
    const struct unit *unit = units[quantity].list;
    for (size_t i = 1; i < units[quantity].count && value >= units[quantity].list[i].from; i++)
        unit = &units[quantity].list[i];
    return unit;
}

/* The round number nearest above. */
static double round_number(double wanted)
{
    double power = pow(10, floor(log10(wanted)));
    double part = wanted / power;
    double round = part <= 1.0001 ? 1 : part <= 2.0001 ? 2 : part <= 5.0001 ? 5 : 10;
    return round * power;
}

struct axis axis_make(enum quantity quantity, double low, double high, double ticks)
{
    if (!isfinite(low))
        low = 0;
    if (!isfinite(high) || high < low)
        high = low;
    /* A range that no number can tell the ends of is made wider. */
    double size = fmax(fabs(low), fabs(high));
    if (high - low <= size * 1e-9) {
        double pad = size > 0 ? size * 0.05 : quantity == QUANTITY_TIME ? 1e-3 : 1;
        low = low > pad ? low - pad : 0;
        high += pad;
    }
    const struct unit *unit = unit_for(quantity, high);
    double step = round_number((high - low) / unit->size / ticks);
    int decimals = (int)ceil(-log10(step) - 1e-9);
    return (struct axis){ .low = low,
                          .high = high,
                          .step = step * unit->size,
                          .unit = unit->size,
                          .unit_name = unit->name,
                          .decimals = decimals > 0 ? decimals : 0 };
}

void axis_round(struct axis *axis)
{
    axis->low = floor(axis->low / axis->step + 1e-9) * axis->step;
    axis->high = ceil(axis->high / axis->step - 1e-9) * axis->step;
}

int axis_tick(const struct axis *axis, size_t i, struct tick *ret)
{
    double first = ceil(axis->low / axis->step - 1e-9);
    ret->value = (first + (double)i) * axis->step;
    if (i >= TICKS_MAX || ret->value > axis->high + axis->step * 1e-6)
        return 0;
    double shown = fabs(ret->value) < axis->step * 1e-6 ? 0.0 : ret->value / axis->unit;
    if (fabs(shown) >= LONG_NUMBER)
        (void)snprintf(ret->shown, sizeof(ret->shown), "%.3g", shown);
    else
        (void)snprintf(ret->shown, sizeof(ret->shown), "%.*f", axis->decimals, shown);
    return 1;
}

/* Three digits that count: 0.248, 1.83, 12.3, 203, 4096. */
static void put_digits(double value, char out[FIGURE_MAX])
{
    if (value >= LONG_NUMBER) {
        (void)snprintf(out, FIGURE_MAX, "%.3g", value);
        return;
    }
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3;
    int len = snprintf(out, FIGURE_MAX, "%.*f", decimals, value);
    if (!strchr(out, '.'))
        return;
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[--len] = '\0';
}

const char *figure(enum quantity quantity, double value, char out[FIGURE_MAX])
{
    if (!isfinite(value)) {
        (void)snprintf(out, FIGURE_MAX, "?");
        return out;
    }
    if (quantity == QUANTITY_TIME && value >= 99.95) {
        double seconds = round(value);
        if (seconds >= 3600 * LONG_NUMBER)
            (void)snprintf(out, FIGURE_MAX, "%.3g h", seconds / 3600);
        else if (seconds < 3600)
            (void)snprintf(out, FIGURE_MAX, "%.0f min %.0f s", floor(seconds / 60),
                           fmod(seconds, 60));
        else
            (void)snprintf(out, FIGURE_MAX, "%.0f h %.0f min", floor(seconds / 3600),
                           floor(fmod(seconds, 3600) / 60));
        return out;
    }
    /* As it will be shown: 999.9 ms is 1 s. */
    const struct unit *unit = value > 0 ? unit_for(quantity, value * 1.0005) : NULL;
    if (!unit) /* nothing is told in the unit that people know */
        unit = unit_for(quantity, 1);
    char digits[FIGURE_MAX];
    put_digits(value / unit->size, digits);
    (void)snprintf(out, FIGURE_MAX, "%.20s%s%s", digits, *unit->name ? " " : "", unit->name);
    return out;
}
