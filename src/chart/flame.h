/* SPDX-License-Identifier: Apache-2.0 */
/* flame.h - where a script's time went, by stacks (README.md beside this file). */
#pragma once

#include "chart/plot.h"

/* Every count of a stranger's is bounded: what is deeper or more is added to what is above it. */
#define FLAME_DEPTH_MAX 200
#define FLAME_NODES_MAX 20000

struct node {
    struct node *children, *last, *next; /* ordered by name */
    double seconds;                      /* in it and what it called */
    char *name;
};

struct flame {
    char label[CHART_TEXT_MAX];
    double samples; /* or NAN */
    struct node root;
    size_t nodes, depth; /* depth: of the deepest stack */
    bool cut;            /* there was more than is here */
};

int flame_read(const char *text, size_t len, struct flame *ret, struct error *err) must_check;
void flame_done(struct flame *flame);

/* The height that shows all of it, within bounds. */
unsigned flame_height(const struct flame *flame);
void draw_flame(const struct picture *picture, const struct flame *flame);
