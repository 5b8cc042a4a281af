/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double panel_x(const struct panel *panel, double value)
{
    const struct axis *axis = &panel->x;
    return panel->at.x + panel->width * (value - axis->low) / (axis->high - axis->low);
}

double panel_y(const struct panel *panel, double value)
{
    const struct axis *axis = &panel->y;
    return panel->at.y + panel->height * (1 - (value - axis->low) / (axis->high - axis->low));
}

void plot_back(const struct picture *picture)
{
    struct canvas *canvas = picture->canvas;
    canvas_rect(canvas, (struct point){ 0, 0 }, canvas->width, canvas->height,
                picture->theme->back);
}

void plot_head(const struct picture *picture, const char *title, const char *bad,
               const char *figures)
{
    struct canvas *canvas = picture->canvas;
    const struct theme *theme = picture->theme;
    double room = canvas->width - 2 * MARGIN;
    struct text big = { .size = TITLE_SIZE, .colour = theme->ink, .bold = true, .max_width = room };
    canvas_text(canvas, (struct point){ MARGIN, 33 }, &big, *title ? title : "benchmark");
    double x = MARGIN;
    if (bad) {
        struct text alarm = {
            .size = TEXT_SIZE, .colour = theme->alarm, .bold = true, .max_width = room
        };
        x += canvas_text(canvas, (struct point){ x, 54 }, &alarm, bad) + 12;
    }
    struct text small = { .size = TEXT_SIZE,
                          .colour = theme->muted,
                          .max_width = fmax(canvas->width - MARGIN - x, 1) };
    canvas_text(canvas, (struct point){ x, 54 }, &small, figures);
}

/* Sharp: on a pixel's middle. */
static double sharp(double value)
{
    return floor(value) + 0.5;
}

void plot_grid(const struct picture *picture, const struct panel *panel)
{
    const struct theme *theme = picture->theme;
    struct line thin = { theme->grid, 1, 0 }, base = { theme->axis, 1, 0 };
    struct text label = { .size = TICK_SIZE, .colour = theme->muted, .align = ALIGN_RIGHT };
    double right = panel->at.x + panel->width;
    struct tick tick;
    for (size_t i = 0; axis_tick(&panel->y, i, &tick); i++) {
        double y = sharp(panel_y(panel, tick.value));
        canvas_line(picture->canvas, (struct point){ panel->at.x, y }, (struct point){ right, y },
                    &thin);
        canvas_text(picture->canvas, (struct point){ panel->at.x - 7, y + 4 }, &label, tick.shown);
    }
    double bottom = sharp(panel->at.y + panel->height);
    canvas_line(picture->canvas, (struct point){ panel->at.x, bottom },
                (struct point){ right, bottom }, &base);
}

void plot_time_axis(const struct picture *picture, const struct panel *panel, const char *name)
{
    const struct theme *theme = picture->theme;
    struct line mark = { theme->axis, 1, 0 };
    struct text label = { .size = TICK_SIZE, .colour = theme->muted, .align = ALIGN_MIDDLE };
    double bottom = panel->at.y + panel->height;
    struct tick tick;
    for (size_t i = 0; axis_tick(&panel->x, i, &tick); i++) {
        double x = sharp(panel_x(panel, tick.value));
        canvas_line(picture->canvas, (struct point){ x, bottom }, (struct point){ x, bottom + 5 },
                    &mark);
        canvas_text(picture->canvas, (struct point){ x, bottom + 18 }, &label, tick.shown);
    }
    if (!name)
        return;
    struct text words = { .size = TEXT_SIZE,
                          .colour = theme->muted,
                          .align = ALIGN_MIDDLE,
                          .max_width = fmax(panel->width, 1) };
    struct point middle = { panel->at.x + panel->width / 2, bottom + 37 };
    canvas_textf(picture->canvas, middle, &words, "%s (%s)", name, panel->x.unit_name);
}

void plot_note(const struct picture *picture, size_t line, const char *words)
{
    struct canvas *canvas = picture->canvas;
    struct text small = { .size = TICK_SIZE - 1,
                          .colour = picture->theme->muted,
                          .max_width = fmax(canvas->width - 2 * MARGIN, 1) };
    struct point at = { MARGIN, canvas->height - 12 - NOTE_HEIGHT * (double)line };
    canvas_text(canvas, at, &small, words);
}

double plot_heading(const struct picture *picture, const struct panel *panel, const char *name,
                    const char *unit)
{
    struct text bold = { .size = TEXT_SIZE, .colour = picture->theme->ink, .bold = true };
    struct text thin = { .size = TEXT_SIZE, .colour = picture->theme->muted };
    struct point at = { panel->at.x, panel->at.y - 8 };
    double width = canvas_text(picture->canvas, at, &bold, name);
    at.x += width + 5;
    return width + 5 + canvas_textf(picture->canvas, at, &thin, "(%s)", unit);
}

/* --- ends ------------------------------------------------------------------------------------ */

struct limit_end {
    const char *end, *words;
    enum quantity quantity;
    size_t offset; /* of the limit in struct measured */
};

static const struct limit_end limit_ends[] = {
    { "wall", "ended by its wall limit", QUANTITY_TIME,
      offsetof(struct measured, limit_wall_seconds) },
    { "cpu", "ended by its CPU limit", QUANTITY_TIME,
      offsetof(struct measured, limit_cpu_seconds) },
    { "memory", "ended by its memory limit", QUANTITY_MEMORY,
      offsetof(struct measured, limit_memory_mb) },
};

static const struct {
    const char *end, *words;
} other_ends[] = {
    { "output", "ended by its output limit" },
    { "disk", "ended by its disk limit" },
    { "cancelled", "cancelled" },
    { "refused", "refused: nothing ran" },
    { "fault", "could not be run" },
};

static bool limit_words(const struct measured *measured, char *out, size_t room)
{
    for (size_t i = 0; i < COUNT(limit_ends); i++) {
        const struct limit_end *row = &limit_ends[i];
        if (strcmp(row->end, measured->end) != 0)
            continue;
        double limit;
        char shown[FIGURE_MAX];
        memcpy(&limit, (const char *)measured + row->offset, sizeof(limit));
        if (isnan(limit))
            (void)snprintf(out, room, "%s", row->words);
        else
            (void)snprintf(out, room, "%s of %s", row->words, figure(row->quantity, limit, shown));
        return true;
    }
    return false;
}

bool end_words(const struct measured *measured, char *out, size_t room)
{
    if (limit_words(measured, out, room))
        return true;
    for (size_t i = 0; i < COUNT(other_ends); i++)
        if (strcmp(other_ends[i].end, measured->end) == 0) {
            (void)snprintf(out, room, "%s", other_ends[i].words);
            return true;
        }
    if (strcmp(measured->end, "signalled") == 0) {
        (void)snprintf(out, room, "ended by %s", *measured->signal ? measured->signal : "a signal");
        return true;
    }
    if (measured->exit_code >= 0)
        (void)snprintf(out, room, "exit %d", measured->exit_code);
    else
        out[0] = '\0';
    return measured->exit_code > 0;
}

/* One at the beginning, one at the end: fewer than this between them are no curve. */
#define SAMPLES_LEAST 5

void draw_document(const struct picture *picture, const struct document *document)
{
    plot_back(picture);
    const struct measured *first = &document->scripts[0];
    if (document->script_count > 1 || first->run_count > 1)
        draw_runs(picture, document);
    else if (first->sample_count >= SAMPLES_LEAST)
        draw_over_time(picture, first);
    else
        draw_parts(picture, first);
}
