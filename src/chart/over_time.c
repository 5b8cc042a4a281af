/* SPDX-License-Identifier: Apache-2.0 */
/* over_time.c - one run: memory above and processors in use below, over one axis of time. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chart/curve.h"
#include "chart/plot.h"
#include "chart/processes.h"
#include "str.h"

#define LEFT_GUTTER   62.0
#define BOTTOM_GUTTER 54.0
#define BAND_HEIGHT   13.0
#define BETWEEN       44.0 /* the panels: room for the lower one's heading */

/* A limit so much above what was used would press the curve flat: it is only said. */
#define LIMIT_SHOWN_TO 1.8

/* What no process was told to have: of those that ended, of files in memory. */
#define UNTOLD_ALPHA 0x18

/* A reading this near to the peak is it. */
#define PEAK_SEEN 0.98

struct page {
    const struct picture *picture;
    const struct measured *run;
    double end; /* of the run, seconds */
    struct panel memory, cpu;
    size_t series; /* processes told apart, the others included; 0: the whole alone */
};

static colour colour_of(const struct page *page, size_t series)
{
    const struct theme *theme = page->picture->theme;
    return series < page->run->named_count ? theme->series[series] : theme->others;
}

/* --- the head --------------------------------------------------------------------------------- */

static double cpu_total(const struct measured *run)
{
    double user = run->cpu_user_seconds, system = run->cpu_system_seconds;
    if (isnan(user) && isnan(system))
        return run->sample_count ? run->samples[run->sample_count - 1].cpu_seconds : UNKNOWN;
    return (isnan(user) ? 0 : user) + (isnan(system) ? 0 : system);
}

static void add_figure(struct str *out, enum quantity quantity, const char *before, double value,
                       const char *after)
{
    char shown[FIGURE_MAX];
    if (!isnan(value))
        str_printf(out, "%s%s%s%s", out->len ? "  ·  " : "", before, figure(quantity, value, shown),
                   after);
}

void head_of_run(const struct picture *picture, const struct measured *run)
{
    char end[CHART_TEXT_MAX], at[FIGURE_MAX];
    autostr struct str figures = { 0 }, bad = { 0 };
    str_puts(&figures, "");
    str_puts(&bad, "");
    bool is_bad = end_words(run, end, sizeof(end));
    if (is_bad)
        str_printf(&bad, "%s%s%s", end, isnan(run->wall_seconds) ? "" : " at ",
                   isnan(run->wall_seconds) ? "" : figure(QUANTITY_TIME, run->wall_seconds, at));
    else
        add_figure(&figures, QUANTITY_TIME, "", run->wall_seconds, " wall");
    add_figure(&figures, QUANTITY_TIME, "", cpu_total(run), " CPU");
    add_figure(&figures, QUANTITY_MEMORY, "peak ", run->peak_memory_mb, "");
    if (run->processes_peak > 1)
        add_figure(&figures, QUANTITY_PLAIN, "", run->processes_peak, " processes");
    if (!is_bad && *end)
        str_printf(&figures, "%s%s", figures.len ? "  ·  " : "", end);
    plot_head(picture, run->label, is_bad ? bad.data : NULL, figures.data);
}

/* --- the band of phases ----------------------------------------------------------------------- */

/* What happened before the script's own time, in words. */
static void say_before(const struct page *page, double left)
{
    double right = page->memory.at.x + page->memory.width;
    autostr struct str before = { 0 };
    char shown[FIGURE_MAX];
    static const char *const what[PHASE_INTERPRETER] = {
        [PHASE_QUEUE] = "waiting", [PHASE_PREPARE] = "environment", [PHASE_BOX] = "making the box"
    };
    for (size_t i = 0; i < PHASE_INTERPRETER; i++)
        if (page->run->phases[i] >= 0.0005)
            str_printf(&before, "%s%s %s", before.len ? ", " : "before the start: ", what[i],
                       figure(QUANTITY_TIME, page->run->phases[i], shown));
    if (before.len == 0)
        return;
    struct text words = { .size = TICK_SIZE,
                          .colour = page->picture->theme->muted,
                          .align = ALIGN_RIGHT,
                          .max_width = fmax(right - left - 16, 1) };
    double y = page->memory.at.y - 8;
    canvas_text(page->picture->canvas, (struct point){ right, y }, &words, before.data);
}

static void draw_phase(const struct page *page, enum phase phase, double from, double to)
{
    const struct theme *theme = page->picture->theme;
    struct canvas *canvas = page->picture->canvas;
    const struct panel *panel = &page->memory;
    double left = panel_x(panel, fmin(from, page->end)),
           right = panel_x(panel, fmin(to, page->end));
    char shown[FIGURE_MAX], title[FIGURE_MAX + 32];
    (void)snprintf(title, sizeof(title), "%s %s", phase_names[phase],
                   figure(QUANTITY_TIME, to - from, shown));
    canvas_begin(canvas, title);
    struct point at = { left, HEAD_HEIGHT };
    canvas_rect(canvas, at, right - left, BAND_HEIGHT, faded(theme->phases[phase], 0x60));
    struct text words = { .size = TICK_SIZE - 1, .colour = theme->ink };
    double width = font_width(canvas->font, title, words.size, false);
    if (width + 10 < right - left)
        canvas_text(canvas, (struct point){ left + 5, HEAD_HEIGHT + BAND_HEIGHT - 3 }, &words,
                    title);
    canvas_end(canvas);
}

static bool has_band(const struct measured *run)
{
    return run->phases[PHASE_INTERPRETER] > 0;
}

static void draw_band(const struct page *page)
{
    double interpreter = page->run->phases[PHASE_INTERPRETER];
    if (!has_band(page->run))
        return;
    draw_phase(page, PHASE_INTERPRETER, 0, fmin(interpreter, page->end));
    if (interpreter < page->end)
        draw_phase(page, PHASE_SCRIPT, interpreter, page->end);
}

/* --- legend ----------------------------------------------------------------------------------- */

/* To the right of the heading; what has no room is left out, the others last. */
static void draw_legend(const struct page *page, double left)
{
    struct canvas *canvas = page->picture->canvas;
    double right = page->cpu.at.x + page->cpu.width, x = left + 24, y = page->cpu.at.y - 8;
    for (size_t i = 0; i < page->series + (page->series > 0); i++) {
        char words[CHART_TEXT_MAX];
        bool named = i < page->run->named_count, other = i == page->series;
        if (named)
            (void)snprintf(words, sizeof(words), "%s %ld",
                           *page->run->named[i].name ? page->run->named[i].name : "process",
                           page->run->named[i].pid);
        else
            (void)snprintf(words, sizeof(words), other ? "other" : "more processes");
        struct text style = { .size = TICK_SIZE,
                              .colour = page->picture->theme->ink,
                              .max_width = 110 };
        if (x + 14 + fmin(font_width(canvas->font, words, TICK_SIZE, false), 110) > right)
            return;
        colour fill = other ? faded(page->picture->theme->ink, UNTOLD_ALPHA) : colour_of(page, i);
        canvas_rounded(canvas, (struct point){ x, y - 9 }, 10, 10, 2, fill);
        x += 14 + canvas_text(canvas, (struct point){ x + 14, y }, &style, words) + 14;
    }
}

/* --- areas that stand on each other ----------------------------------------------------------- */

/* `heights` has a row of `series` values for each of the `count` points in `xs`. */
static void draw_stack(const struct page *page, const struct panel *panel, const double *xs,
                       const double *heights, size_t count)
{
    autofree struct point *outline = xcalloc(2 * count + 1, sizeof(*outline));
    autofree double *base = xcalloc(count + 1, sizeof(*base));
    for (size_t s = 0; s < page->series; s++) {
        for (size_t i = 0; i < count; i++) {
            outline[2 * count - 1 - i] = (struct point){ xs[i], panel_y(panel, base[i]) };
            base[i] += heights[i * page->series + s];
            outline[i] = (struct point){ xs[i], panel_y(panel, base[i]) };
        }
        canvas_area(page->picture->canvas, outline, 2 * count, faded(colour_of(page, s), 0xb0));
    }
}

static void draw_whole(const struct page *page, const struct panel *panel, struct point *points,
                       size_t count)
{
    const struct theme *theme = page->picture->theme;
    colour main = page->series ? theme->ink : theme->series[0];
    double bottom = panel->at.y + panel->height;
    autofree struct point *outline = xcalloc(count + 2, sizeof(*outline));
    memcpy(outline, points, count * sizeof(*points));
    outline[count] = (struct point){ points[count - 1].x, bottom };
    outline[count + 1] = (struct point){ points[0].x, bottom };
    canvas_area(page->picture->canvas, outline, count + 2,
                faded(main, page->series ? UNTOLD_ALPHA : 0x38));
    struct line line = { main, page->series ? 1.2 : 1.8, 0 };
    canvas_path(page->picture->canvas, points, count, &line);
}

/* What the processes were told to have may come to more than the whole, because they share
 * pages and their clocks are coarse: then their parts of the whole are shown. */
static void fit_into(double *row, size_t series, double whole)
{
    double sum = 0;
    for (size_t s = 0; s < series; s++)
        sum += row[s];
    for (size_t s = 0; s < series && sum > whole; s++)
        row[s] *= whole / sum;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void draw_memory_curve(const struct page *page)
{
    const struct measured *run = page->run;
    const struct panel *panel = &page->memory;
    autofree size_t *shown = xcalloc(run->sample_count, sizeof(*shown));
    size_t count = curve_peaks(run, page->end, (size_t)panel->width, shown);
    if (count == 0)
        return;
    autofree struct point *points = xcalloc(count, sizeof(*points));
    autofree double *xs = xcalloc(count, sizeof(*xs));
    autofree double *heights = xcalloc(count * page->series + 1, sizeof(*heights));
    for (size_t i = 0; i < count; i++) {
        const struct sample *sample = &run->samples[shown[i]];
        xs[i] = panel_x(panel, sample->time_seconds);
        points[i] = (struct point){ xs[i], panel_y(panel, sample->memory_mb) };
        double *row = heights + i * page->series;
        curve_shares(run, shown[i], page->series, row);
        fit_into(row, page->series, sample->memory_mb);
    }
    draw_stack(page, panel, xs, heights, count);
    if (count > 1)
        draw_whole(page, panel, points, count);
    else
        canvas_dot(page->picture->canvas, points[0], 3, page->picture->theme->series[0]);
}

static double peak_of(const struct measured *run)
{
    double peak = run->peak_memory_mb;
    for (size_t i = 0; i < run->sample_count; i++)
        if (!(run->samples[i].memory_mb <= peak) && !isnan(run->samples[i].memory_mb))
            peak = run->samples[i].memory_mb;
    return isnan(peak) ? 0 : peak;
}

static bool limit_is_near(const struct measured *run)
{
    return run->limit_memory_mb > 0 && run->limit_memory_mb <= LIMIT_SHOWN_TO * peak_of(run);
}

/* A line across, with its words above it at the left. */
static void draw_level(const struct page *page, double value, const char *words, colour what,
                       double dash)
{
    const struct panel *panel = &page->memory;
    struct canvas *canvas = page->picture->canvas;
    double y = floor(panel_y(panel, value)) + 0.5;
    struct line line = { what, 1.4, dash };
    canvas_line(canvas, (struct point){ panel->at.x, y },
                (struct point){ panel->at.x + panel->width, y }, &line);
    struct text text = { .size = TICK_SIZE, .colour = what, .bold = true };
    canvas_text(canvas, (struct point){ panel->at.x + 6, y - 5 }, &text, words);
}

static const struct sample *highest(const struct measured *run)
{
    const struct sample *ret = &run->samples[0];
    for (size_t i = 1; i < run->sample_count; i++)
        if (isnan(ret->memory_mb) || run->samples[i].memory_mb > ret->memory_mb)
            ret = &run->samples[i];
    return ret;
}

/* Where a reading came near it a dot on the curve, else a line above the curve. */
static void draw_peak(const struct page *page)
{
    const struct panel *panel = &page->memory;
    const struct theme *theme = page->picture->theme;
    const struct sample *sample = highest(page->run);
    double peak = peak_of(page->run), limit = page->run->limit_memory_mb;
    char shown[FIGURE_MAX], words[FIGURE_MAX + 48];
    bool seen = sample->memory_mb >= PEAK_SEEN * peak;
    bool crowded = limit_is_near(page->run) && panel_y(panel, peak) - panel_y(panel, limit) < 18;
    (void)snprintf(words, sizeof(words), "peak %s%s", figure(QUANTITY_MEMORY, peak, shown),
                   seen ? "" : ", between two readings");
    if (!seen && !crowded && peak > 0)
        draw_level(page, peak, words, theme->muted, 2);
    if (!seen || crowded)
        return;
    struct point at = { panel_x(panel, sample->time_seconds), panel_y(panel, sample->memory_mb) };
    struct text text = { .size = TICK_SIZE, .colour = theme->ink, .align = ALIGN_MIDDLE };
    double half = font_width(page->picture->canvas->font, words, TICK_SIZE, false) / 2 + 4;
    canvas_dot(page->picture->canvas, at, 3, theme->ink);
    at.x = fmax(at.x, panel->at.x + half);
    at.x = fmin(at.x, panel->at.x + panel->width - half);
    at.y -= 7;
    canvas_text(page->picture->canvas, at, &text, words);
}

static void draw_levels(const struct page *page)
{
    const struct measured *run = page->run;
    char shown[FIGURE_MAX], words[FIGURE_MAX + 32];
    draw_peak(page);
    if (limit_is_near(run)) {
        (void)snprintf(words, sizeof(words), "limit %s",
                       figure(QUANTITY_MEMORY, run->limit_memory_mb, shown));
        draw_level(page, run->limit_memory_mb, words, page->picture->theme->alarm, 6);
    }
}

static void draw_memory(const struct page *page)
{
    const struct measured *run = page->run;
    const struct panel *panel = &page->memory;
    plot_grid(page->picture, panel);
    double left = panel->at.x + plot_heading(page->picture, panel, "memory", panel->y.unit_name);
    draw_memory_curve(page);
    draw_levels(page);
    if (run->limit_memory_mb > 0 && !limit_is_near(run)) {
        struct text words = { .size = TICK_SIZE, .colour = page->picture->theme->muted };
        char shown[FIGURE_MAX];
        left +=
            12 + canvas_textf(page->picture->canvas, (struct point){ left + 12, panel->at.y - 8 },
                              &words, "limit %s, off the scale",
                              figure(QUANTITY_MEMORY, run->limit_memory_mb, shown));
    }
    say_before(page, left);
}

/* --- processors ------------------------------------------------------------------------------- */

static void draw_cpu(const struct page *page, const struct cpu_bins *bins)
{
    const struct panel *panel = &page->cpu;
    plot_grid(page->picture, panel);
    double left = panel->at.x + plot_heading(page->picture, panel, "CPU", "cores in use");
    draw_legend(page, left);
    size_t count = 2 * bins->count;
    autofree struct point *points = xcalloc(count + 1, sizeof(*points));
    autofree double *xs = xcalloc(count + 1, sizeof(*xs));
    autofree double *heights = xcalloc(count * page->series + 1, sizeof(*heights));
    for (size_t i = 0; i < count; i++) {
        size_t bin = i / 2;
        xs[i] = panel_x(panel, bins->width * (double)(bin + i % 2));
        points[i] = (struct point){ xs[i], panel_y(panel, bins->whole[bin]) };
        double *row = heights + i * page->series;
        for (size_t s = 0; s < page->series; s++)
            row[s] = bins->each[bin * page->series + s];
        fit_into(row, page->series, bins->whole[bin]);
    }
    draw_stack(page, panel, xs, heights, count);
    if (count > 1)
        draw_whole(page, panel, points, count);
}

/* --- the end of the run ----------------------------------------------------------------------- */

/* A line through both panels; the head has the words. */
static void draw_end(const struct page *page)
{
    const struct theme *theme = page->picture->theme;
    char words[CHART_TEXT_MAX];
    bool bad = end_words(page->run, words, sizeof(words));
    double x = floor(panel_x(&page->memory, page->end)) + 0.5;
    struct line line = { bad ? theme->alarm : theme->axis, bad ? 1.8 : 1, 0 };
    canvas_line(page->picture->canvas, (struct point){ x, page->memory.at.y },
                (struct point){ x, page->cpu.at.y + page->cpu.height }, &line);
}

/* --- the page --------------------------------------------------------------------------------- */

static void lay_out(struct page *page, const struct cpu_bins *bins)
{
    const struct canvas *canvas = page->picture->canvas;
    const struct measured *run = page->run;
    double top = HEAD_HEIGHT + (has_band(run) ? BAND_HEIGHT : 0) + 26;
    double notes = NOTE_HEIGHT * (double)run->warning_count;
    double room = canvas->height - top - BETWEEN - BOTTOM_GUTTER - notes;
    double width = canvas->width - LEFT_GUTTER - MARGIN - 4;
    double upper = fmax(room * 0.55, 20), lower = fmax(room * 0.45, 20);
    double most = peak_of(run);
    if (limit_is_near(run))
        most = fmax(most, run->limit_memory_mb);
    struct axis time = axis_make(QUANTITY_TIME, 0, page->end, width / 80);
    struct axis memory = axis_make(QUANTITY_MEMORY, 0, most * 1.12, upper / 34);
    struct axis cores = axis_make(QUANTITY_PLAIN, 0, fmax(bins->most * 1.08, 1), lower / 30);
    axis_round(&memory);
    axis_round(&cores);
    page->memory = (struct panel){ { LEFT_GUTTER, top }, width, upper, time, memory };
    page->cpu = (struct panel){ { LEFT_GUTTER, top + upper + BETWEEN }, width, lower, time, cores };
}

void draw_over_time(const struct picture *picture, const struct measured *run)
{
    struct page page = { .picture = picture, .run = run };
    double last = run->samples[run->sample_count - 1].time_seconds;
    page.end = isnan(run->wall_seconds) ? last : fmax(run->wall_seconds, last);
    page.series = run->named_count ? run->named_count + run->others : 0;
    struct cpu_bins bins;
    cpu_bins_make(run, page.end, cpu_total(run), page.series, &bins);
    lay_out(&page, &bins);
    head_of_run(picture, run);
    draw_memory(&page);
    draw_cpu(&page, &bins);
    draw_end(&page);
    draw_band(&page);
    plot_time_axis(picture, &page.cpu, "time since its start");
    struct text words = { .size = TICK_SIZE,
                          .colour = picture->theme->muted,
                          .align = ALIGN_RIGHT };
    canvas_textf(picture->canvas,
                 (struct point){ picture->canvas->width - MARGIN,
                                 page.cpu.at.y + page.cpu.height + 37 },
                 &words, "%zu samples", run->sample_count);
    for (size_t i = 0; i < run->warning_count; i++)
        plot_note(picture, run->warning_count - 1 - i, run->warnings[i]);
    cpu_bins_done(&bins);
}
