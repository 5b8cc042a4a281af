/* SPDX-License-Identifier: Apache-2.0 */
/* draw.h - a document becomes a picture. */
#pragma once

#include "chart/theme.h"

#define CHART_WIDTH_LEAST  480 /* the words of a head have no room in less */
#define CHART_HEIGHT_LEAST 320
#define CHART_SIZE_MOST    4000
#define CHART_SCALE_MOST   3

/* Pixels of all: four bytes each, in a box with half a gigabyte. */
#define CHART_PIXELS_MOST (32UL * 1024 * 1024)

struct order {
    bool flame, png;
    unsigned width, height; /* height 0: the one that suits */
    unsigned scale;         /* of pixels; SVG has none */
    const struct theme *theme;
};

/* 800 pixels wide, light, SVG. */
struct order order_default(void);

/* *ret is the caller's. */
int draw(const struct order *order, const char *text, size_t len, char **ret, size_t *size,
         struct error *err) must_check;
