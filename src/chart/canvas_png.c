/* SPDX-License-Identifier: Apache-2.0 */
/* canvas_png.c - a picture as pixels: cairo draws them and writes the file. */
#include <cairo.h>
#include <errno.h>
#include <math.h>

#include "chart/canvas.h"
#include "str.h"

struct png {
    struct canvas canvas; /* first */
    cairo_surface_t *surface;
    cairo_t *cairo;
    unsigned scale;
};

static struct png *png_of(struct canvas *canvas)
{
    return (struct png *)canvas;
}

static void use(struct png *png, colour what)
{
    cairo_set_source_rgba(png->cairo, (what >> 24 & 0xff) / 255.0, (what >> 16 & 0xff) / 255.0,
                          (what >> 8 & 0xff) / 255.0, (what & 0xff) / 255.0);
}

static void trace(struct png *png, const struct point *points, size_t count)
{
    cairo_new_path(png->cairo);
    for (size_t i = 0; i < count; i++)
        cairo_line_to(png->cairo, points[i].x, points[i].y);
}

static void draw_area(struct canvas *canvas, const struct point *points, size_t count, colour fill)
{
    struct png *png = png_of(canvas);
    trace(png, points, count);
    use(png, fill);
    cairo_fill(png->cairo);
}

static void draw_line(struct canvas *canvas, const struct point *points, size_t count,
                      const struct line *line)
{
    struct png *png = png_of(canvas);
    trace(png, points, count);
    use(png, line->colour);
    cairo_set_line_width(png->cairo, line->width);
    cairo_set_dash(png->cairo, &line->dash, line->dash > 0 ? 1 : 0, 0);
    cairo_stroke(png->cairo);
}

static void draw_rect(struct canvas *canvas, struct point at, double width, double height,
                      double radius, colour fill)
{
    struct png *png = png_of(canvas);
    cairo_t *cairo = png->cairo;
    double r = fmin(radius, fmin(width, height) / 2);
    cairo_new_path(cairo);
    if (r > 0) {
        cairo_arc(cairo, at.x + width - r, at.y + r, r, -M_PI_2, 0);
        cairo_arc(cairo, at.x + width - r, at.y + height - r, r, 0, M_PI_2);
        cairo_arc(cairo, at.x + r, at.y + height - r, r, M_PI_2, M_PI);
        cairo_arc(cairo, at.x + r, at.y + r, r, M_PI, 3 * M_PI_2);
        cairo_close_path(cairo);
    } else {
        cairo_rectangle(cairo, at.x, at.y, width, height);
    }
    use(png, fill);
    cairo_fill(cairo);
}

static void draw_dot(struct canvas *canvas, struct point at, double radius, colour fill)
{
    struct png *png = png_of(canvas);
    cairo_new_path(png->cairo);
    cairo_arc(png->cairo, at.x, at.y, radius, 0, 2 * M_PI);
    use(png, fill);
    cairo_fill(png->cairo);
}

static void draw_text(struct canvas *canvas, struct point left, const char *text, double width,
                      const struct text *style)
{
    struct png *png = png_of(canvas);
    (void)width;
    cairo_save(png->cairo);
    cairo_translate(png->cairo, left.x, left.y);
    if (style->upwards)
        cairo_rotate(png->cairo, -M_PI_2);
    cairo_set_scaled_font(png->cairo,
                          font_scaled(canvas->font, style->size, style->bold, png->scale));
    use(png, style->colour);
    cairo_move_to(png->cairo, 0, 0);
    cairo_show_text(png->cairo, text);
    cairo_restore(png->cairo);
}

/* Pixels have no tooltips. */
static void draw_begin(struct canvas *canvas, const char *title)
{
    (void)canvas;
    (void)title;
}

static void draw_end(struct canvas *canvas)
{
    (void)canvas;
}

static cairo_status_t append(void *closure, const unsigned char *bytes, unsigned len)
{
    str_add(closure, bytes, len);
    return CAIRO_STATUS_SUCCESS;
}

static int draw_finish(struct canvas *canvas, char **ret, size_t *len, struct error *err)
{
    struct png *png = png_of(canvas);
    autostr struct str bytes = { 0 };
    cairo_status_t status = cairo_status(png->cairo);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(png->surface, append, &bytes);
    if (status != CAIRO_STATUS_SUCCESS)
        return fail_host_as(err, EIO, "draw: %s", cairo_status_to_string(status));
    *len = bytes.len;
    *ret = str_take(&bytes);
    return 0;
}

static void draw_free(struct canvas *canvas)
{
    struct png *png = png_of(canvas);
    cairo_destroy(png->cairo);
    cairo_surface_destroy(png->surface);
    free(png);
}

static const struct canvas_ops png_ops = { draw_area,  draw_line, draw_rect,   draw_dot, draw_text,
                                           draw_begin, draw_end,  draw_finish, draw_free };

int canvas_png(const struct font *font, unsigned width, unsigned height, unsigned scale,
               struct canvas **ret, struct error *err)
{
    struct png *png = xcalloc(1, sizeof(*png));
    png->canvas = (struct canvas){ &png_ops, font, width, height };
    png->scale = scale;
    /* Without alpha: a picture has a background of its own. */
    png->surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * scale), (int)(height * scale));
    png->cairo = cairo_create(png->surface);
    cairo_scale(png->cairo, scale, scale);
    cairo_set_line_join(png->cairo, CAIRO_LINE_JOIN_ROUND);
    if (cairo_status(png->cairo) != CAIRO_STATUS_SUCCESS) {
        draw_free(&png->canvas);
        return fail_host_as(err, ENOMEM, "make a picture of %u by %u pixels", width * scale,
                            height * scale);
    }
    *ret = &png->canvas;
    return 0;
}
