/* SPDX-License-Identifier: Apache-2.0 */
/* plot.h - a panel: a place in the picture with two axes; and what every picture has. */
#pragma once

#include "chart/axis.h"
#include "chart/canvas.h"
#include "chart/document.h"
#include "chart/theme.h"

struct picture {
    struct canvas *canvas;
    const struct theme *theme;
};

struct panel {
    struct point at; /* upper left corner */
    double width, height;
    struct axis x, y;
};

#define TITLE_SIZE 17.0
#define TEXT_SIZE  12.0
#define TICK_SIZE  11.0
#define MARGIN     20.0

/* Where what is below the title begins. */
#define HEAD_HEIGHT 70.0

double panel_x(const struct panel *panel, double value);
double panel_y(const struct panel *panel, double value);

void plot_back(const struct picture *picture);

/* The title, and below it what is known in figures; `bad` colours the words that say so. */
void plot_head(const struct picture *picture, const char *title, const char *bad,
               const char *figures);

/* Lines across the panel at the ticks of y, with figures to the left. */
void plot_grid(const struct picture *picture, const struct panel *panel);

/* The ticks of x with figures below, and `name` with the unit below them, unless it is NULL. */
void plot_time_axis(const struct picture *picture, const struct panel *panel, const char *name);

/* A line of small words at the foot of the picture, `line` lines above the lowest. */
#define NOTE_HEIGHT 15.0
void plot_note(const struct picture *picture, size_t line, const char *words);

/* Above the panel's left corner: "memory (MB)". Returns its width. */
double plot_heading(const struct picture *picture, const struct panel *panel, const char *name,
                    const char *unit);

/* How a run ended, "ended by its memory limit (200 MB)"; true where that is bad. */
bool end_words(const struct measured *measured, char *out, size_t room);

/* The head of a picture of one run. */
void head_of_run(const struct picture *picture, const struct measured *run);

void draw_over_time(const struct picture *picture, const struct measured *measured);
void draw_parts(const struct picture *picture, const struct measured *measured);
void draw_runs(const struct picture *picture, const struct document *document);

/* What draw_runs() takes to show every script. */
double runs_height(const struct document *document);

/* Whichever of the three shows the most. */
void draw_document(const struct picture *picture, const struct document *document);
