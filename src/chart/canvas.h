/* SPDX-License-Identifier: Apache-2.0 */
/* canvas.h - what a picture is made of, whatever becomes of it: lines, areas, dots, texts.
 *
 * Coordinates are pixels of a picture `width` by `height`, from the upper left corner. A text
 * stays one in SVG, with the width it was measured to have, so that a viewer without the font
 * keeps the layout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

#include "chart/font.h"

typedef uint32_t colour; /* 0xRRGGBBAA */

struct point {
    double x, y;
};

struct line {
    colour colour;
    double width;
    double dash; /* length of dashes and gaps; 0: none */
};

enum align { ALIGN_LEFT, ALIGN_MIDDLE, ALIGN_RIGHT };

struct text {
    double size;
    colour colour;
    bool bold;
    enum align align;
    bool upwards;     /* turned to read from below */
    double max_width; /* clipped there; 0: never */
};

struct canvas_ops;

struct canvas {
    const struct canvas_ops *ops;
    const struct font *font;
    double width, height;
};

/* What a kind of picture has to know; a text is fitted and measured already. */
struct canvas_ops {
    void (*area)(struct canvas *canvas, const struct point *points, size_t count, colour fill);
    void (*line)(struct canvas *canvas, const struct point *points, size_t count,
                 const struct line *line);
    void (*rect)(struct canvas *canvas, struct point at, double width, double height, double radius,
                 colour fill);
    void (*dot)(struct canvas *canvas, struct point at, double radius, colour fill);
    void (*text)(struct canvas *canvas, struct point left, const char *text, double width,
                 const struct text *style);
    void (*begin)(struct canvas *canvas, const char *title); /* a group with a tooltip */
    void (*end)(struct canvas *canvas);
    /* The whole picture; *ret is the caller's. */
    int (*finish)(struct canvas *canvas, char **ret, size_t *len, struct error *err);
    void (*free)(struct canvas *canvas);
};

/* `scale`: device pixels for one of ours. `title` is what a reader without eyes is told. */
int canvas_png(const struct font *font, unsigned width, unsigned height, unsigned scale,
               struct canvas **ret, struct error *err) must_check;
struct canvas *canvas_svg(const struct font *font, unsigned width, unsigned height,
                          const char *title);

void canvas_area(struct canvas *canvas, const struct point *points, size_t count, colour fill);
void canvas_path(struct canvas *canvas, const struct point *points, size_t count,
                 const struct line *line);
void canvas_line(struct canvas *canvas, struct point from, struct point to,
                 const struct line *line);
void canvas_rect(struct canvas *canvas, struct point at, double width, double height, colour fill);
void canvas_rounded(struct canvas *canvas, struct point at, double width, double height,
                    double radius, colour fill);
void canvas_dot(struct canvas *canvas, struct point at, double radius, colour fill);

/* At the base line. Returns the width that it took. */
double canvas_text(struct canvas *canvas, struct point at, const struct text *style,
                   const char *text);
double canvas_textf(struct canvas *canvas, struct point at, const struct text *style,
                    const char *fmt, ...) printf_like(4, 5);

void canvas_begin(struct canvas *canvas, const char *title);
void canvas_end(struct canvas *canvas);
int canvas_finish(struct canvas *canvas, char **ret, size_t *len, struct error *err) must_check;
void canvas_free(struct canvas *canvas); /* NULL is fine */
