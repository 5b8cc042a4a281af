/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c - a run too short for curves: where its time went, and its memory, as bars. */
#include <math.h>
#include <stdio.h>

#include "chart/plot.h"

#define NAMES_WIDTH   110.0
#define FIGURES_WIDTH 90.0
#define ROW_MAX       34.0

struct bar {
    const char *name;
    double value;
    colour fill;
};

struct group {
    const char *name;
    enum quantity quantity;
    struct bar bars[PHASE_COUNT];
    size_t count;
};

static void add(struct group *group, const char *name, double value, colour fill)
{
    if (!isnan(value))
        group->bars[group->count++] = (struct bar){ name, value, fill };
}

static void draw_bar(const struct picture *picture, const struct bar *bar, enum quantity quantity,
                     struct point at, double height, double most)
{
    struct canvas *canvas = picture->canvas;
    const struct theme *theme = picture->theme;
    double room = canvas->width - 2 * MARGIN - NAMES_WIDTH - FIGURES_WIDTH;
    double width = most > 0 ? fmax(room * bar->value / most, 1) : 1;
    double middle = at.y + height / 2 + 4;
    double thick = fmin(height * 0.62, 20);
    char shown[FIGURE_MAX];
    struct text name = { .size = TEXT_SIZE, .colour = theme->ink, .align = ALIGN_RIGHT };
    struct text value = { .size = TEXT_SIZE, .colour = theme->muted };
    canvas_text(canvas, (struct point){ at.x + NAMES_WIDTH - 10, middle }, &name, bar->name);
    canvas_rounded(canvas, (struct point){ at.x + NAMES_WIDTH, at.y + (height - thick) / 2 }, width,
                   thick, 2, bar->fill);
    canvas_text(canvas, (struct point){ at.x + NAMES_WIDTH + width + 8, middle }, &value,
                figure(quantity, bar->value, shown));
}

/* Returns where the next one begins. */
static double draw_group(const struct picture *picture, const struct group *group, double y,
                         double row)
{
    if (group->count == 0)
        return y;
    struct text heading = { .size = TEXT_SIZE, .colour = picture->theme->ink, .bold = true };
    canvas_text(picture->canvas, (struct point){ MARGIN, y + row * 0.7 }, &heading, group->name);
    double most = 0;
    for (size_t i = 0; i < group->count; i++)
        most = fmax(most, group->bars[i].value);
    for (size_t i = 0; i < group->count; i++) {
        y += row;
        draw_bar(picture, &group->bars[i], group->quantity, (struct point){ MARGIN, y }, row, most);
    }
    return y + row * 1.4;
}

void draw_parts(const struct picture *picture, const struct measured *run)
{
    const struct theme *theme = picture->theme;
    struct group time = { "where the time went", QUANTITY_TIME, { { 0 } }, 0 };
    struct group cpu = { "CPU time", QUANTITY_TIME, { { 0 } }, 0 };
    struct group memory = { "memory", QUANTITY_MEMORY, { { 0 } }, 0 };
    for (size_t i = 0; i < PHASE_COUNT; i++)
        add(&time, phase_names[i], run->phases[i], theme->phases[i]);
    add(&cpu, "user", run->cpu_user_seconds, theme->series[0]);
    add(&cpu, "system", run->cpu_system_seconds, theme->series[4]);
    add(&memory, "peak", run->peak_memory_mb, theme->series[0]);
    add(&memory, "limit", run->limit_memory_mb, theme->others);
    head_of_run(picture, run);
    double top = HEAD_HEIGHT + 4, bottom = picture->canvas->height - 30;
    /* A heading and what is between two groups take about two rows. */
    double rows = (double)(time.count + cpu.count + memory.count) + 3 * 2;
    double row = fmin((bottom - top) / rows, ROW_MAX);
    top = draw_group(picture, &time, top, row);
    top = draw_group(picture, &cpu, top, row);
    draw_group(picture, &memory, top, row);
    struct text note = { .size = TICK_SIZE, .colour = theme->muted, .align = ALIGN_RIGHT };
    struct point at = { picture->canvas->width - MARGIN, picture->canvas->height - 16 };
    if (run->sample_count == 0)
        canvas_text(picture->canvas, at, &note, "ended before the first sample");
    else
        canvas_textf(picture->canvas, at, &note, "%zu sample%s: too few for a curve",
                     run->sample_count, run->sample_count == 1 ? "" : "s");
}
