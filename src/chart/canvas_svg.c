/* SPDX-License-Identifier: Apache-2.0 */
/* canvas_svg.c - a picture as SVG: texts stay texts, groups have tooltips. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart/canvas.h"
#include "str.h"

struct svg {
    struct canvas canvas; /* first */
    struct str out;
};

static struct str *out_of(struct canvas *canvas)
{
    return &((struct svg *)canvas)->out;
}

/* --- words ---------------------------------------------------------------------------------- */

/* With a hundredth of a pixel, and no zeros at the end. */
static void put_number(struct str *out, double value)
{
    char text[400];
    int len = snprintf(text, sizeof(text), "%.2f", value);
    while (len > 0 && text[len - 1] == '0')
        len--;
    if (len > 0 && text[len - 1] == '.')
        len--;
    text[len] = '\0';
    str_puts(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void put_attribute(struct str *out, const char *name, double value)
{
    str_printf(out, " %s=\"", name);
    put_number(out, value);
    str_putc(out, '"');
}

static void put_colour(struct str *out, const char *name, colour what)
{
    str_printf(out, " %s=\"#%06x\"", name, what >> 8);
    if ((what & 0xff) != 0xff) {
        str_printf(out, " %s-opacity=\"", name);
        put_number(out, (what & 0xff) / 255.0);
        str_putc(out, '"');
    }
}

/* U+FFFE and U+FFFF, which are no characters and no XML. */
static bool no_character(const char *text)
{
    return text[0] == '\xef' && text[1] == '\xbf' && (unsigned char)text[2] >= 0xbe;
}

static void put_text(struct str *out, const char *text)
{
    for (; *text; text++) {
        if (no_character(text)) {
            str_putc(out, '?');
            text += 2;
            continue;
        }
        switch (*text) {
        case '<':
            str_puts(out, "&lt;");
            break;
        case '>':
            str_puts(out, "&gt;");
            break;
        case '&':
            str_puts(out, "&amp;");
            break;
        case '"':
            str_puts(out, "&quot;");
            break;
        default:
            str_putc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
    }
}

static void put_points(struct str *out, const struct point *points, size_t count)
{
    str_puts(out, " points=\"");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            str_putc(out, ' ');
        put_number(out, points[i].x);
        str_putc(out, ',');
        put_number(out, points[i].y);
    }
    str_putc(out, '"');
}

/* --- shapes ---------------------------------------------------------------------------------- */

static void write_area(struct canvas *canvas, const struct point *points, size_t count, colour fill)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<polygon");
    put_colour(out, "fill", fill);
    put_points(out, points, count);
    str_puts(out, "/>\n");
}

static void write_line(struct canvas *canvas, const struct point *points, size_t count,
                       const struct line *line)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<polyline fill=\"none\" stroke-linejoin=\"round\"");
    put_colour(out, "stroke", line->colour);
    put_attribute(out, "stroke-width", line->width);
    if (line->dash > 0)
        put_attribute(out, "stroke-dasharray", line->dash);
    put_points(out, points, count);
    str_puts(out, "/>\n");
}

static void write_rect(struct canvas *canvas, struct point at, double width, double height,
                       double radius, colour fill)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<rect");
    put_attribute(out, "x", at.x);
    put_attribute(out, "y", at.y);
    put_attribute(out, "width", width);
    put_attribute(out, "height", height);
    if (radius > 0)
        put_attribute(out, "rx", fmin(radius, fmin(width, height) / 2));
    put_colour(out, "fill", fill);
    str_puts(out, "/>\n");
}

static void write_dot(struct canvas *canvas, struct point at, double radius, colour fill)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<circle");
    put_attribute(out, "cx", at.x);
    put_attribute(out, "cy", at.y);
    put_attribute(out, "r", radius);
    put_colour(out, "fill", fill);
    str_puts(out, "/>\n");
}

static void write_text(struct canvas *canvas, struct point left, const char *text, double width,
                       const struct text *style)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<text");
    if (style->upwards) {
        str_puts(out, " transform=\"translate(");
        put_number(out, left.x);
        str_putc(out, ',');
        put_number(out, left.y);
        str_puts(out, ") rotate(-90)\"");
    } else {
        put_attribute(out, "x", left.x);
        put_attribute(out, "y", left.y);
    }
    put_attribute(out, "font-size", style->size);
    if (style->bold)
        str_puts(out, " font-weight=\"bold\"");
    put_attribute(out, "textLength", width);
    str_puts(out, " lengthAdjust=\"spacingAndGlyphs\"");
    put_colour(out, "fill", style->colour);
    str_putc(out, '>');
    put_text(out, text);
    str_puts(out, "</text>\n");
}

static void write_begin(struct canvas *canvas, const char *title)
{
    struct str *out = out_of(canvas);
    str_puts(out, "<g><title>");
    put_text(out, title);
    str_puts(out, "</title>\n");
}

static void write_end(struct canvas *canvas)
{
    str_puts(out_of(canvas), "</g>\n");
}

/* --- life ------------------------------------------------------------------------------------- */

static int write_finish(struct canvas *canvas, char **ret, size_t *len, struct error *err)
{
    struct str *out = out_of(canvas);
    (void)err;
    str_puts(out, "</svg>\n");
    *len = out->len;
    *ret = str_take(out);
    return 0;
}

static void write_free(struct canvas *canvas)
{
    str_done(out_of(canvas));
    free(canvas);
}

static const struct canvas_ops svg_ops = { write_area, write_line,   write_rect,
                                           write_dot,  write_text,   write_begin,
                                           write_end,  write_finish, write_free };

struct canvas *canvas_svg(const struct font *font, unsigned width, unsigned height,
                          const char *title)
{
    struct svg *svg = xcalloc(1, sizeof(*svg));
    svg->canvas = (struct canvas){ &svg_ops, font, width, height };
    str_printf(&svg->out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
               "viewBox=\"0 0 %u %u\" role=\"img\" font-family=\"",
               width, height, width, height);
    put_text(&svg->out, font_family(font));
    str_puts(&svg->out, ", 'DejaVu Sans', Verdana, sans-serif\">\n<title>");
    put_text(&svg->out, title);
    str_puts(&svg->out, "</title>\n");
    return &svg->canvas;
}
