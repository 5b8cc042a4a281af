/* SPDX-License-Identifier: Apache-2.0 */
/* axis.h - ranges with ticks at round numbers, and figures as a person writes them. */
#pragma once

#include <stddef.h>

enum quantity {
    QUANTITY_TIME,   /* seconds */
    QUANTITY_MEMORY, /* megabytes of 1024 * 1024 bytes */
    QUANTITY_PLAIN,
};

#define FIGURE_MAX 48

struct axis {
    double low, high;      /* low < high, both finite */
    double step;           /* between two ticks, from a multiple of it on */
    double unit;           /* what one of `unit_name` is */
    const char *unit_name; /* "ms"; empty for plain numbers */
    int decimals;
};

/* A range that holds both, with about `ticks` ticks 1, 2 or 5 (times a power of ten) apart.
 * Any two numbers will do. */
struct axis axis_make(enum quantity quantity, double low, double high, double ticks);

/* Widens it to begin and end at ticks; a low of 0 stays. */
void axis_round(struct axis *axis);

/* The tick number `i` from 0; false beyond the last. */
struct tick {
    double value;
    char shown[FIGURE_MAX];
};
int axis_tick(const struct axis *axis, size_t i, struct tick *ret);

/* "350 ns" "12.3 ms" "1.83 s" "2 min 5 s" "1 h 2 min"; "512 KB" "203 MB" "1.5 GB"; "?" for NAN. */
const char *figure(enum quantity quantity, double value, char out[FIGURE_MAX]);
