/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/canvas.h"

#include <stdarg.h>
#include <stdio.h>

#include "chart/document.h"

/* A label and some words around it. */
#define SHOWN_MAX (2 * CHART_TEXT_MAX + 200)

void canvas_area(struct canvas *canvas, const struct point *points, size_t count, colour fill)
{
    if (count > 2)
        canvas->ops->area(canvas, points, count, fill);
}

void canvas_path(struct canvas *canvas, const struct point *points, size_t count,
                 const struct line *line)
{
    if (count > 1)
        canvas->ops->line(canvas, points, count, line);
}

void canvas_line(struct canvas *canvas, struct point from, struct point to, const struct line *line)
{
    canvas_path(canvas, (const struct point[]){ from, to }, 2, line);
}

void canvas_rounded(struct canvas *canvas, struct point at, double width, double height,
                    double radius, colour fill)
{
    if (width > 0 && height > 0)
        canvas->ops->rect(canvas, at, width, height, radius, fill);
}

void canvas_rect(struct canvas *canvas, struct point at, double width, double height, colour fill)
{
    canvas_rounded(canvas, at, width, height, 0, fill);
}

void canvas_dot(struct canvas *canvas, struct point at, double radius, colour fill)
{
    canvas->ops->dot(canvas, at, radius, fill);
}

double canvas_text(struct canvas *canvas, struct point at, const struct text *style,
                   const char *text)
{
    char shown[SHOWN_MAX];
    double most = style->max_width > 0 ? style->max_width : 10 * canvas->width;
    font_fit(canvas->font, text, style->size, style->bold, most, shown, sizeof(shown));
    if (!*shown)
        return 0;
    double width = font_width(canvas->font, shown, style->size, style->bold);
    static const double shares[] = { [ALIGN_LEFT] = 0, [ALIGN_MIDDLE] = 0.5, [ALIGN_RIGHT] = 1 };
    double back = width * shares[style->align];
    if (style->upwards)
        at.y += back;
    else
        at.x -= back;
    canvas->ops->text(canvas, at, shown, width, style);
    return width;
}

double canvas_textf(struct canvas *canvas, struct point at, const struct text *style,
                    const char *fmt, ...)
{
    char text[SHOWN_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return canvas_text(canvas, at, style, text);
}

void canvas_begin(struct canvas *canvas, const char *title)
{
    canvas->ops->begin(canvas, title);
}

void canvas_end(struct canvas *canvas)
{
    canvas->ops->end(canvas);
}

int canvas_finish(struct canvas *canvas, char **ret, size_t *len, struct error *err)
{
    return canvas->ops->finish(canvas, ret, len, err);
}

void canvas_free(struct canvas *canvas)
{
    if (canvas)
        canvas->ops->free(canvas);
}
