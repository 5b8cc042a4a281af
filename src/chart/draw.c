/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/draw.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "chart/flame.h"
#include "chart/plot.h"

#define WIDTH_DEFAULT  800
#define HEIGHT_DEFAULT 500

/* What was read, of either kind. */
struct subject {
    bool is_flame;
    struct document document;
    struct flame flame;
};

static int read_subject(const struct order *order, const char *text, size_t len,
                        struct subject *ret, struct error *err)
{
    ret->is_flame = order->flame;
    return order->flame ? flame_read(text, len, &ret->flame, err)
                        : document_read(text, len, &ret->document, err);
}

static void subject_done(struct subject *subject)
{
    if (subject->is_flame)
        flame_done(&subject->flame);
    else
        document_done(&subject->document);
}

static const char *title_of(const struct subject *subject)
{
    const char *label = subject->is_flame                     ? subject->flame.label
                        : subject->document.script_count == 1 ? subject->document.scripts[0].label
                                                              : "comparison";
    return *label ? label : "benchmark";
}

static unsigned document_height(const struct document *document)
{
    double height = runs_height(document);
    return height > HEIGHT_DEFAULT ? (unsigned)ceil(height) : HEIGHT_DEFAULT;
}

static int paint(const struct order *order, const struct subject *subject, const struct font *font,
                 char **ret, size_t *size, struct error *err)
{
    unsigned height = order->height       ? order->height
                      : subject->is_flame ? flame_height(&subject->flame)
                                          : document_height(&subject->document);
    unsigned long pixels = (unsigned long)order->width * order->scale * height * order->scale;
    if (order->png && pixels > CHART_PIXELS_MOST)
        return fail_caller(err, EINVAL, "%u by %u pixels times %u are too many; at most %lu in all",
                           order->width, height, order->scale, CHART_PIXELS_MOST);
    struct picture picture = { .theme = order->theme };
    if (order->png) {
        int r = canvas_png(font, order->width, height, order->scale, &picture.canvas, err);
        if (r < 0)
            return r;
    } else {
        picture.canvas = canvas_svg(font, order->width, height, title_of(subject));
    }
    if (subject->is_flame)
        draw_flame(&picture, &subject->flame);
    else
        draw_document(&picture, &subject->document);
    int r = canvas_finish(picture.canvas, ret, size, err);
    canvas_free(picture.canvas);
    return r;
}

struct order order_default(void)
{
    return (struct order){ .width = WIDTH_DEFAULT, .scale = 1, .theme = theme_find("light") };
}

int draw(const struct order *order, const char *text, size_t len, char **ret, size_t *size,
         struct error *err)
{
    struct subject subject = { 0 };
    struct font *font = NULL;
    int r = read_subject(order, text, len, &subject, err);
    if (r < 0)
        return r;
    r = font_open(&font, err);
    if (r == 0)
        r = paint(order, &subject, font, ret, size, err);
    font_free(font);
    subject_done(&subject);
    return r;
}
