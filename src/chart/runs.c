/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c - many runs: how their times and their memory are spread, one row per script. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart/plot.h"
#include "chart/spread.h"
#include "ratio_words.h"
#include "str.h"

#define LABELS_WIDTH 168.0
#define BETWEEN      52.0
#define ROW_MAX      240.0
#define ROW_LEAST    30.0
#define HEADING      22.0 /* the panels' */
#define TICKS        34.0 /* below a panel */
#define CAPTION      18.0
#define CAPTIONS_MAX 6

/* What all but the two names takes of a caption: the ratio must not be what is cut off. */
#define CAPTION_WORDS 430.0

/* More dots than this are a cloud: a histogram says more. */
#define DOTS_MAX 80
#define BINS_MAX 48

/* Quarters of fewer runs are made up. */
#define BOX_LEAST 5
#define BOX_HALF  48.0 /* its height */

/* Warnings of so many lines in all. */
#define NOTES_MAX 4

/* The least that an axis spans, as a part of its values: noise must not fill a panel. */
#define SPAN_OF_TIME   0.05
#define SPAN_OF_MEMORY 0.25

/* Dots become smaller until they have room beside each other, but not smaller than this. */
#define DOT_LEAST 1.9

struct rows {
    const struct picture *picture;
    const struct document *document;
    size_t count; /* of scripts that have room */
    double row;
    struct panel wall, memory; /* as high as all rows */
    bool has_memory;
};

static colour colour_of(const struct rows *rows, size_t script)
{
    return rows->picture->theme->series[script % CHART_NAMED_MAX];
}

/* --- one row of one panel --------------------------------------------------------------------- */

static void draw_bins(const struct rows *rows, const struct panel *panel,
                      const struct spread *spread, double middle, colour fill)
{
    size_t count = (size_t)ceil(sqrt((double)spread->count) * 1.6);
    count = count < BINS_MAX ? count : BINS_MAX;
    size_t bins[BINS_MAX] = { 0 }, most = 1;
    double width = (spread->high - spread->low) / (double)count;
    for (size_t i = 0; i < spread->count; i++) {
        size_t at = width > 0 ? (size_t)((spread->sorted[i] - spread->low) / width) : 0;
        at = at < count ? at : count - 1;
        most = ++bins[at] > most ? bins[at] : most;
    }
    double floor_y = middle + rows->row * 0.36, room = rows->row * 0.72;
    for (size_t i = 0; i < count; i++) {
        double left = panel_x(panel, spread->low + width * (double)i);
        double right = panel_x(panel, spread->low + width * (double)(i + 1));
        double height = room * (double)bins[i] / (double)most;
        canvas_rect(rows->picture->canvas, (struct point){ left + 0.5, floor_y - height },
                    fmax(right - left - 1, 1.5), height, faded(fill, 0xb0));
    }
}

static void draw_dots(const struct rows *rows, const struct panel *panel,
                      const struct spread *spread, double middle, colour fill)
{
    double radius = fmin(spread->count > 40 ? 2.6 : 3.4, rows->row / 6);
    double xs[DOTS_MAX], ys[DOTS_MAX];
    for (size_t i = 0; i < spread->count; i++)
        xs[i] = panel_x(panel, spread->sorted[i]);
    while (!spread_swarm(xs, spread->count, 2 * radius + 0.6, rows->row * 0.36, ys) &&
           radius > DOT_LEAST)
        radius *= 0.8;
    for (size_t i = 0; i < spread->count; i++)
        canvas_dot(rows->picture->canvas, (struct point){ xs[i], middle + ys[i] }, radius,
                   faded(fill, 0xc8));
}

/* A cross, so that it is told apart by its shape, too. */
static void draw_cross(const struct picture *picture, struct point at)
{
    struct line line = { picture->theme->alarm, 1.8, 0 };
    const double r = 3.6;
    canvas_line(picture->canvas, (struct point){ at.x - r, at.y - r },
                (struct point){ at.x + r, at.y + r }, &line);
    canvas_line(picture->canvas, (struct point){ at.x - r, at.y + r },
                (struct point){ at.x + r, at.y - r }, &line);
}

static void draw_bad(const struct rows *rows, const struct panel *panel,
                     const struct measured *measured, enum figures which, double middle)
{
    for (size_t i = 0; i < measured->run_count; i++) {
        double value = run_figure(&measured->runs[i], which);
        if (!measured->runs[i].good && !isnan(value))
            draw_cross(rows->picture, (struct point){ panel_x(panel, value), middle });
    }
}

/* From quarter to quarter where there are enough, and the median through it. */
static void draw_box(const struct rows *rows, const struct panel *panel,
                     const struct spread *spread, double middle, colour fill)
{
    struct canvas *canvas = rows->picture->canvas;
    double half = fmin(rows->row * 0.40, BOX_HALF);
    double left = panel_x(panel, spread->quarter), right = panel_x(panel, spread->three_quarters);
    if (spread->count >= BOX_LEAST)
        canvas_rounded(canvas, (struct point){ left, middle - half }, right - left, 2 * half, 3,
                       faded(fill, 0x30));
    double x = panel_x(panel, spread->median);
    struct line line = { rows->picture->theme->ink, 2, 0 };
    canvas_line(canvas, (struct point){ x, middle - half }, (struct point){ x, middle + half },
                &line);
}

static void draw_spread(const struct rows *rows, const struct panel *panel,
                        const struct measured *measured, enum figures which, size_t row)
{
    struct spread spread;
    spread_make(measured, which, &spread);
    double middle = panel->at.y + rows->row * ((double)row + 0.5);
    colour fill = colour_of(rows, row);
    if (spread.count > 1)
        draw_box(rows, panel, &spread, middle, fill);
    bool bad_alone = true;
    for (size_t i = 0; i < measured->run_count; i++)
        bad_alone = bad_alone && !measured->runs[i].good;
    if (measured->run_count == 0 || !bad_alone) {
        if (spread.count > DOTS_MAX)
            draw_bins(rows, panel, &spread, middle, fill);
        else
            draw_dots(rows, panel, &spread, middle, fill);
    }
    draw_bad(rows, panel, measured, which, middle);
    spread_done(&spread);
}

/* --- labels ----------------------------------------------------------------------------------- */

static void draw_label(const struct rows *rows, const struct measured *measured, size_t row)
{
    struct canvas *canvas = rows->picture->canvas;
    const struct theme *theme = rows->picture->theme;
    double middle = rows->wall.at.y + rows->row * ((double)row + 0.5);
    struct text name = {
        .size = TEXT_SIZE, .colour = theme->ink, .bold = true, .max_width = LABELS_WIDTH - 12
    };
    struct text small = { .size = TICK_SIZE,
                          .colour = theme->muted,
                          .max_width = LABELS_WIDTH - 12 };
    struct spread spread;
    spread_make(measured, FIGURES_WALL, &spread);
    char median[FIGURE_MAX], low[FIGURE_MAX], high[FIGURE_MAX];
    bool three = rows->row >= 52;
    double y = middle + (three ? -12 : -2);
    canvas_text(canvas, (struct point){ MARGIN, y }, &name,
                *measured->label ? measured->label : "script");
    if (spread.count > 0) {
        canvas_textf(canvas, (struct point){ MARGIN, y + 15 }, &small, "median %s",
                     figure(QUANTITY_TIME, spread.median, median));
        if (three)
            canvas_textf(canvas, (struct point){ MARGIN, y + 30 }, &small, "%s to %s",
                         figure(QUANTITY_TIME, spread.low, low),
                         figure(QUANTITY_TIME, spread.high, high));
    }
    spread_done(&spread);
}

static size_t bad_count(const struct measured *measured)
{
    size_t count = 0;
    for (size_t i = 0; i < measured->run_count; i++)
        count += !measured->runs[i].good;
    return count;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void draw_head(const struct rows *rows)
{
    const struct document *document = rows->document;
    const struct measured *first = &document->scripts[0];
    autostr struct str title = { 0 }, figures = { 0 }, bad = { 0 };
    size_t failed = 0, runs = 0;
    for (size_t i = 0; i < document->script_count; i++) {
        failed += bad_count(&document->scripts[i]);
        runs += document->scripts[i].run_count;
    }
    if (document->script_count > 1)
        str_printf(&title, "%zu scripts compared", document->script_count + document->omitted);
    else
        str_puts(&title, first->label);
    str_printf(&figures, "%zu run%s", runs, plural(runs));
    if (document->script_count > 1)
        str_puts(&figures, " in all");
    if (document->script_count == 1) {
        struct spread spread;
        char median[FIGURE_MAX], low[FIGURE_MAX], high[FIGURE_MAX];
        spread_make(first, FIGURES_WALL, &spread);
        str_printf(&figures, "  ·  median %s  ·  %s to %s",
                   figure(QUANTITY_TIME, spread.median, median),
                   figure(QUANTITY_TIME, spread.low, low),
                   figure(QUANTITY_TIME, spread.high, high));
        spread_done(&spread);
    }
    if (failed)
        str_printf(&bad, "%zu run%s failed (\u00d7)", failed, plural(failed));
    plot_head(rows->picture, title.data, failed ? bad.data : NULL, figures.data);
}

/* --- captions --------------------------------------------------------------------------------- */

static size_t caption_count(const struct document *document)
{
    return document->comparison_count < CAPTIONS_MAX ? document->comparison_count : CAPTIONS_MAX;
}

/* Names are cut where there is no room: the ratio must not be. */
static char *caption(const struct rows *rows, const struct comparison *row, double room)
{
    const struct font *font = rows->picture->canvas->font;
    const bool bounded = !isnan(row->low) && !isnan(row->high);
    const struct ratio ratio = { .ratio = row->ratio,
                                 .bounded = bounded,
                                 .low = bounded ? row->low : 0,
                                 .high = bounded ? row->high : 0 };
    char label[CHART_TEXT_MAX], against[CHART_TEXT_MAX];
    double names = (room - CAPTION_WORDS) / 2;
    font_fit(font, row->label, TEXT_SIZE, false, names, label, sizeof(label));
    font_fit(font, row->against, TEXT_SIZE, false, names, against, sizeof(against));
    return ratio_words(label, against, ratio);
}

static void draw_captions(const struct rows *rows)
{
    const struct document *document = rows->document;
    struct canvas *canvas = rows->picture->canvas;
    struct text words = { .size = TEXT_SIZE,
                          .colour = rows->picture->theme->ink,
                          .max_width = canvas->width - 2 * MARGIN };
    size_t shown = caption_count(document), left_out = document->comparison_count - shown;
    struct point at = { MARGIN, HEAD_HEIGHT + 6 };
    for (size_t i = 0; i < shown; i++) {
        autofree char *said = caption(rows, &document->comparisons[i], words.max_width);
        canvas_text(canvas, at, &words, said);
        at.y += CAPTION;
    }
    words.colour = rows->picture->theme->muted;
    if (left_out > 0)
        canvas_textf(canvas, at, &words, "%zu more comparison%s", left_out, plural(left_out));
}

/* --- the order of the runs -------------------------------------------------------------------- */

/* Below a single script's row: a slow first run, a drift, an outlier are seen at once. */
static void draw_order(const struct rows *rows, const struct panel *panel)
{
    const struct measured *measured = &rows->document->scripts[0];
    const struct picture *picture = rows->picture;
    plot_grid(picture, panel);
    plot_heading(picture, panel, "run by run", panel->y.unit_name);
    struct spread spread;
    spread_make(measured, FIGURES_WALL, &spread);
    struct line median = { picture->theme->ink, 1.2, 5 }, thin = { picture->theme->grid, 1.2, 0 };
    double y = panel_y(panel, spread.median), right = panel->at.x + panel->width;
    canvas_line(picture->canvas, (struct point){ panel->at.x, y }, (struct point){ right, y },
                &median);
    double radius = measured->run_count > 200 ? 1.4 : measured->run_count > 60 ? 2.2 : 3.2;
    struct point last = { 0, 0 };
    for (size_t i = 0; i < measured->run_count; i++) {
        const struct run_figures *run = &measured->runs[i];
        struct point at = { panel_x(panel, (double)i + 1), panel_y(panel, run->wall_seconds) };
        if (i > 0 && measured->run_count <= 200)
            canvas_line(picture->canvas, last, at, &thin);
        last = at;
    }
    for (size_t i = 0; i < measured->run_count; i++) {
        const struct run_figures *run = &measured->runs[i];
        struct point at = { panel_x(panel, (double)i + 1), panel_y(panel, run->wall_seconds) };
        if (run->good)
            canvas_dot(picture->canvas, at, radius, colour_of(rows, 0));
        else
            draw_cross(picture, at);
    }
    spread_done(&spread);
}

static void draw_numbers(const struct picture *picture, const struct panel *panel)
{
    struct text label = { .size = TICK_SIZE,
                          .colour = picture->theme->muted,
                          .align = ALIGN_MIDDLE };
    double bottom = panel->at.y + panel->height;
    struct tick tick;
    for (size_t i = 0; axis_tick(&panel->x, i, &tick); i++)
        if (tick.value >= 1 && floor(tick.value) == tick.value)
            canvas_text(picture->canvas, (struct point){ panel_x(panel, tick.value), bottom + 18 },
                        &label, tick.shown);
    label.size = TEXT_SIZE;
    canvas_text(picture->canvas, (struct point){ panel->at.x + panel->width / 2, bottom + 37 },
                &label, "run");
}

/* --- the page --------------------------------------------------------------------------------- */

static void widen(double *low, double *high, double value)
{
    if (isnan(value))
        return;
    *low = isnan(*low) || value < *low ? value : *low;
    *high = isnan(*high) || value > *high ? value : *high;
}

static struct axis axis_over(const struct rows *rows, enum figures which, double ticks)
{
    double low = UNKNOWN, high = UNKNOWN;
    for (size_t i = 0; i < rows->count; i++) {
        const struct measured *measured = &rows->document->scripts[i];
        struct spread spread;
        spread_make(measured, which, &spread);
        widen(&low, &high, spread.low);
        widen(&low, &high, spread.high);
        for (size_t j = 0; j < measured->run_count; j++)
            widen(&low, &high, run_figure(&measured->runs[j], which));
        spread_done(&spread);
    }
    double span = high * (which == FIGURES_WALL ? SPAN_OF_TIME : SPAN_OF_MEMORY);
    double more = fmax(span - (high - low), 0) / 2;
    low -= more;
    high += more;
    double pad = (high - low) * 0.06;
    low = low < 0.3 * high ? 0 : low - pad;
    return axis_make(which == FIGURES_WALL ? QUANTITY_TIME : QUANTITY_MEMORY, low, high + pad,
                     ticks);
}

static void draw_ticks(const struct rows *rows, const struct panel *panel, const char *name)
{
    const struct theme *theme = rows->picture->theme;
    struct line thin = { theme->grid, 1, 0 };
    struct tick tick;
    for (size_t i = 0; axis_tick(&panel->x, i, &tick); i++) {
        double x = floor(panel_x(panel, tick.value)) + 0.5;
        canvas_line(rows->picture->canvas, (struct point){ x, panel->at.y },
                    (struct point){ x, panel->at.y + panel->height }, &thin);
    }
    struct line frame = { theme->axis, 1, 0 };
    double bottom = floor(panel->at.y + panel->height) + 0.5, left = floor(panel->at.x) + 0.5;
    canvas_line(rows->picture->canvas, (struct point){ left, panel->at.y },
                (struct point){ left, bottom }, &frame);
    canvas_line(rows->picture->canvas, (struct point){ left, bottom },
                (struct point){ panel->at.x + panel->width, bottom }, &frame);
    plot_time_axis(rows->picture, panel, NULL);
    plot_heading(rows->picture, panel, name, panel->x.unit_name);
}

static void draw_panel(const struct rows *rows, const struct panel *panel, enum figures which)
{
    draw_ticks(rows, panel, which == FIGURES_WALL ? "wall time" : "peak memory");
    for (size_t i = 0; i < rows->count; i++)
        draw_spread(rows, panel, &rows->document->scripts[i], which, i);
}

static bool knows_memory(const struct document *document)
{
    for (size_t i = 0; i < document->script_count; i++) {
        struct spread spread;
        spread_make(&document->scripts[i], FIGURES_MEMORY, &spread);
        bool known = spread.count > 0;
        spread_done(&spread);
        if (known)
            return true;
    }
    return false;
}

static void lay_out(struct rows *rows, double top, double bottom)
{
    const struct document *document = rows->document;
    double room = fmax(bottom - top, ROW_LEAST);
    bool one = document->script_count == 1;
    rows->count = document->script_count;
    while (rows->count > 1 && room / (double)rows->count < ROW_LEAST)
        rows->count--;
    rows->row = fmin(room / (double)rows->count, ROW_MAX);
    rows->has_memory = knows_memory(document);
    double left = one ? MARGIN + 44 : MARGIN + LABELS_WIDTH;
    double width = rows->picture->canvas->width - MARGIN - left;
    double wall = rows->has_memory ? (width - BETWEEN) * 0.64 : width;
    double height = rows->row * (double)rows->count;
    double memory = width - wall - BETWEEN;
    rows->wall = (struct panel){ .at = { left, top },
                                 .width = wall,
                                 .height = height,
                                 .x = axis_over(rows, FIGURES_WALL, wall / 75) };
    if (rows->has_memory)
        rows->memory = (struct panel){ .at = { left + wall + BETWEEN, top },
                                       .width = memory,
                                       .height = height,
                                       .x = axis_over(rows, FIGURES_MEMORY, memory / 62) };
}

static void draw_single(struct rows *rows, double top, double bottom)
{
    double upper = (bottom - top) * 0.36;
    lay_out(rows, top, top + upper);
    draw_panel(rows, &rows->wall, FIGURES_WALL);
    if (rows->has_memory)
        draw_panel(rows, &rows->memory, FIGURES_MEMORY);
    double below = top + upper + TICKS + HEADING + 12;
    if (bottom - below < 60)
        return;
    double count = (double)rows->document->scripts[0].run_count;
    struct panel order = { { rows->wall.at.x, below },
                           rows->picture->canvas->width - MARGIN - rows->wall.at.x,
                           bottom - below,
                           axis_make(QUANTITY_PLAIN, 0.5, count + 0.5, fmin(count, 12)),
                           axis_make(QUANTITY_TIME, rows->wall.x.low, rows->wall.x.high,
                                     (bottom - below) / 32) };
    draw_order(rows, &order);
    draw_numbers(rows->picture, &order);
}

/* --- the foot --------------------------------------------------------------------------------- */

/* What the marks mean. */
static void draw_key(const struct rows *rows, size_t line)
{
    size_t most = 0;
    for (size_t i = 0; i < rows->count; i++)
        most = rows->document->scripts[i].run_count > most ? rows->document->scripts[i].run_count
                                                           : most;
    autofree char *words =
        xasprintf("%s  ·  upright line: median%s",
                  most > DOTS_MAX ? "bars: how many runs took so long" : "a dot: one run",
                  most >= BOX_LEAST ? "  ·  box: the middle half of the runs" : "");
    plot_note(rows->picture, line, words);
}

static size_t note_count(const struct document *document)
{
    size_t count = 0;
    for (size_t i = 0; i < document->script_count; i++)
        count += document->scripts[i].warning_count;
    return count < NOTES_MAX ? count : NOTES_MAX;
}

static void draw_foot(const struct rows *rows)
{
    const struct document *document = rows->document;
    size_t line = note_count(document);
    draw_key(rows, line);
    for (size_t i = 0; i < document->script_count; i++)
        for (size_t j = 0; j < document->scripts[i].warning_count && line > 0; j++) {
            const struct measured *script = &document->scripts[i];
            autofree char *words =
                xasprintf("%s%s%s", document->script_count > 1 ? script->label : "",
                          document->script_count > 1 ? ": " : "", script->warnings[j]);
            plot_note(rows->picture, --line, words);
        }
    size_t left_out = document->script_count - rows->count + document->omitted;
    struct canvas *canvas = rows->picture->canvas;
    struct text note = { .size = TICK_SIZE,
                         .colour = rows->picture->theme->muted,
                         .align = ALIGN_RIGHT };
    if (left_out)
        canvas_textf(canvas, (struct point){ canvas->width - MARGIN, 54 }, &note,
                     "%zu more not shown", left_out);
}

static double above_the_rows(const struct document *document)
{
    size_t captions =
        caption_count(document) + (document->comparison_count > caption_count(document));
    return HEAD_HEIGHT + CAPTION * (double)captions + HEADING;
}

static double below_the_rows(const struct document *document)
{
    return TICKS + NOTE_HEIGHT * (double)(note_count(document) + 1) + 4;
}

double runs_height(const struct document *document)
{
    return above_the_rows(document) + (ROW_LEAST + 6) * (double)document->script_count +
           below_the_rows(document);
}

void draw_runs(const struct picture *picture, const struct document *document)
{
    struct rows rows = { .picture = picture, .document = document };
    double top = above_the_rows(document);
    double bottom = picture->canvas->height - below_the_rows(document);
    draw_head(&rows);
    draw_captions(&rows);
    if (document->script_count == 1) {
        draw_single(&rows, top, bottom - 16);
        draw_foot(&rows);
        return;
    }
    lay_out(&rows, top, bottom);
    draw_panel(&rows, &rows.wall, FIGURES_WALL);
    if (rows.has_memory)
        draw_panel(&rows, &rows.memory, FIGURES_MEMORY);
    for (size_t i = 0; i < rows.count; i++)
        draw_label(&rows, &document->scripts[i], i);
    draw_foot(&rows);
}
