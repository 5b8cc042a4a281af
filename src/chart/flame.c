/* SPDX-License-Identifier: Apache-2.0 */
#include "chart/flame.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "str.h"

#define ROW        18.0
#define FOOT       34.0
#define NAMES_FROM 28.0 /* pixels: less has no room for a name */

#define HEIGHT_LEAST 160U
#define HEIGHT_MOST  1600U

/* --- the tree -------------------------------------------------------------------------------- */

/* The child of that name, made where there is none; NULL where there are enough. The stacks come
 * sorted: it is the last one or a new one. */
static struct node *child_of(struct flame *flame, struct node *node, const char *name)
{
    if (node->last && strcmp(node->last->name, name) == 0)
        return node->last;
    if (flame->nodes == FLAME_NODES_MAX)
        return NULL;
    struct node *child = xcalloc(1, sizeof(*child));
    child->name = xstrdup(name);
    if (node->last)
        node->last->next = child;
    else
        node->children = child;
    node->last = child;
    flame->nodes++;
    return child;
}

static void take_stack(struct flame *flame, struct json_object *stack, double seconds)
{
    struct node *node = &flame->root;
    node->seconds += seconds;
    size_t length = stack ? json_object_array_length(stack) : 0;
    for (size_t i = 0; i < length; i++) {
        struct json_object *frame = json_object_array_get_idx(stack, i);
        char name[CHART_TEXT_MAX];
        if (!json_object_is_type(frame, json_type_string))
            continue;
        one_line(json_object_get_string(frame), name, sizeof(name));
        node = i < FLAME_DEPTH_MAX ? child_of(flame, node, name) : NULL;
        if (!node) {
            flame->cut = true;
            return;
        }
        node->seconds += seconds;
        flame->depth = i + 1 > flame->depth ? i + 1 : flame->depth;
    }
}

static const char *frame_at(struct json_object *stack, size_t i)
{
    struct json_object *frame = json_object_array_get_idx(stack, i);
    return json_object_is_type(frame, json_type_string) ? json_object_get_string(frame) : "";
}

static int by_stack(const void *a, const void *b)
{
    struct json_object *x = json_list(*(struct json_object *const *)a, "stack");
    struct json_object *y = json_list(*(struct json_object *const *)b, "stack");
    size_t depth_x = x ? json_object_array_length(x) : 0;
    size_t depth_y = y ? json_object_array_length(y) : 0;
    int order = 0;
    for (size_t i = 0; order == 0 && i < depth_x && i < depth_y; i++)
        order = strcmp(frame_at(x, i), frame_at(y, i));
    return order ? order : (depth_x > depth_y) - (depth_x < depth_y);
}

int flame_read(const char *text, size_t len, struct flame *ret, struct error *err)
{
    struct json_object *object autojson = NULL;
    if (json_load(text, len, &object, err) != JSON_OK)
        return -err->code;
    if (!json_object_is_type(object, json_type_object))
        return fail_caller(err, EINVAL, "the document is no JSON object");
    struct flame flame = { .samples = json_figure(object, "samples") };
    json_text(object, "label", flame.label, sizeof(flame.label));
    struct json_object *frames = json_list(object, "frames");
    size_t count = frames ? json_object_array_length(frames) : 0;
    if (frames)
        json_object_array_sort(frames, by_stack);
    for (size_t i = 0; i < count; i++) {
        struct json_object *row = json_object_array_get_idx(frames, i);
        double seconds = json_figure(row, "seconds");
        if (seconds > 0)
            take_stack(&flame, json_list(row, "stack"), seconds);
    }
    *ret = flame;
    return 0;
}

/* As deep as FLAME_DEPTH_MAX. */
static void node_free(struct node *node)
{
    for (struct node *child = node->children, *next; child; child = next) {
        next = child->next;
        node_free(child);
        free(child->name);
        free(child);
    }
}

void flame_done(struct flame *flame)
{
    node_free(&flame->root);
    *flame = (struct flame){ 0 };
}

/* --- the picture ------------------------------------------------------------------------------ */

unsigned flame_height(const struct flame *flame)
{
    double height = HEAD_HEIGHT + ROW * (double)(flame->depth + 1) + FOOT;
    return height < HEIGHT_LEAST  ? HEIGHT_LEAST
           : height > HEIGHT_MOST ? HEIGHT_MOST
                                  : (unsigned)height;
}

/* The same name has the same colour, wherever it stands. */
static colour colour_of(const struct theme *theme, const char *name)
{
    uint32_t hash = 2166136261U;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return theme->flames[hash % COUNT(theme->flames)];
}

struct drawing {
    const struct picture *picture;
    double total, scale; /* pixels for a second */
    size_t levels;       /* that have room */
    bool hidden;         /* some had none */
};

static void draw_box(const struct drawing *drawing, const char *name, double seconds,
                     struct point at, double width, colour fill)
{
    struct canvas *canvas = drawing->picture->canvas;
    char shown[FIGURE_MAX], title[CHART_TEXT_MAX + 2 * FIGURE_MAX];
    (void)snprintf(title, sizeof(title), "%s: %s, %.1f %%", name,
                   figure(QUANTITY_TIME, seconds, shown), 100 * seconds / drawing->total);
    canvas_begin(canvas, title);
    canvas_rounded(canvas, at, fmax(width - 1, 0.4), ROW - 1, width > 6 ? 2 : 0, fill);
    struct text text = { .size = TICK_SIZE,
                         .colour = drawing->picture->theme->on_flame,
                         .max_width = width - 9 };
    if (width >= NAMES_FROM)
        canvas_text(canvas, (struct point){ at.x + 4, at.y + ROW - 5.5 }, &text, name);
    canvas_end(canvas);
}

static void draw_children(struct drawing *drawing, const struct node *node, double left,
                          size_t level)
{
    const struct picture *picture = drawing->picture;
    double y = picture->canvas->height - FOOT - ROW * (double)(level + 1);
    for (const struct node *child = node->children; child; child = child->next) {
        double width = child->seconds * drawing->scale;
        if (level >= drawing->levels) {
            drawing->hidden = true;
            return;
        }
        /* A tenth of a pixel is nothing that anybody sees, and a stranger may send many. */
        if (width >= 0.1) {
            draw_box(drawing, child->name, child->seconds, (struct point){ left, y }, width,
                     colour_of(picture->theme, child->name));
            draw_children(drawing, child, left, level + 1);
        }
        left += width;
    }
}

void draw_flame(const struct picture *picture, const struct flame *flame)
{
    plot_back(picture);
    struct canvas *canvas = picture->canvas;
    char shown[FIGURE_MAX], figures[2 * FIGURE_MAX + 64];
    double total = flame->root.seconds;
    int len = snprintf(figures, sizeof(figures), "%s in all", figure(QUANTITY_TIME, total, shown));
    if (!isnan(flame->samples))
        (void)snprintf(figures + len, sizeof(figures) - (size_t)len, "  ·  %.0f samples",
                       flame->samples);
    plot_head(picture, *flame->label ? flame->label : "profile", NULL,
              total > 0 ? figures : "no sample was taken");
    if (!(total > 0))
        return;
    double width = canvas->width - 2 * MARGIN;
    struct drawing drawing = { picture, total, width / total, 0, false };
    double room = canvas->height - FOOT - HEAD_HEIGHT;
    drawing.levels = room > ROW ? (size_t)(room / ROW) : 1;
    draw_box(&drawing, "all", total, (struct point){ MARGIN, canvas->height - FOOT - ROW }, width,
             picture->theme->others);
    draw_children(&drawing, &flame->root, MARGIN, 1);
    struct text note = { .size = TICK_SIZE, .colour = picture->theme->muted, .max_width = width };
    canvas_textf(canvas, (struct point){ MARGIN, canvas->height - 14 }, &note,
                 "width: time, what a function called stands on it%s",
                 drawing.hidden || flame->cut ? "; deeper frames have no room" : "");
}
