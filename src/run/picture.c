/* SPDX-License-Identifier: Apache-2.0 */
#include "run/picture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cordon/runner.h>

#include "fd.h"
#include "run/result.h"
#include "str.h"

/* A picture takes some ten milliseconds. */
#define PICTURE_WALL_MS 20000

/* The first line of what it complains about. */
#define COMPLAINT_MAX 300

/* More has no room in a picture. */
#define TITLE_MAX 200

struct picture_run {
    struct run_sink sink; /* first: the runner knows it by it */
    struct run *run;
    size_t most;
    picture_done *done;
    void *context;
    struct str picture;
    char complaint[COMPLAINT_MAX];
    size_t complaint_len;
    bool too_large;
};

static void take_note(struct run_sink *sink, struct note *note)
{
    (void)sink;
    (void)note;
}

static void take_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct picture_run *run = (struct picture_run *)(void *)sink;
    if (stream == 2) {
        size_t room = sizeof(run->complaint) - 1 - run->complaint_len;
        size_t taken = len < room ? len : room;
        memcpy(run->complaint + run->complaint_len, bytes, taken);
        run->complaint_len += taken;
    } else if (run->too_large || len > run->most - run->picture.len) {
        run->too_large = true;
    } else {
        str_add(&run->picture, bytes, len);
    }
}

/* Why there is no picture; 0 where there is one. */
static int judge(const struct picture_run *run, const struct outcome *outcome, bool dropped,
                 struct error *err)
{
    if (outcome->end == END_REFUSED || outcome->end == END_FAULT) {
        *err = outcome->error;
        return -err->code;
    }
    if (outcome->end == END_EXITED && outcome->code == 0 && run->picture.len > 0 &&
        !run->too_large && !dropped)
        return 0;
    if (run->too_large || dropped)
        return fail_host_as(err, EFBIG, "the picture is larger than %zu bytes", run->most);
    char line[COMPLAINT_MAX], shown[COMPLAINT_MAX];
    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(run->complaint, "\n"), run->complaint);
    if (outcome->end == END_EXITED && *line)
        return fail_host_as(err, EIO, "%s", printable(line, shown, sizeof(shown)));
    autofree char *sentence = result_sentence(outcome, NULL);
    return fail_host_as(err, EIO, "cordon-chart drew nothing%s%s", sentence ? ": " : "",
                        sentence ? sentence : "");
}

static void take_end(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct picture_run *run = (struct picture_run *)(void *)sink;
    struct error err = { 0 };
    if (judge(run, outcome, dropped[0] > 0, &err) < 0)
        run->done(run->context, NULL, 0, &err);
    else
        run->done(run->context, run->picture.data, run->picture.len, NULL);
    str_done(&run->picture);
    free(run);
}

static int make_launch(const struct picture_order *order, struct launch *launch, struct error *err)
{
    launch_init(launch);
    int r = job_id_make(launch->job, err);
    if (r < 0)
        return r;
    launch->what = LAUNCH_CHART;
    (void)snprintf(launch->owner, sizeof(launch->owner), "%s", order->owner);
    (void)snprintf(launch->tool, sizeof(launch->tool), "%s", order->tool);
    launch->asked.wall_ms = PICTURE_WALL_MS;
    list_add(&launch->argv, "--format");
    list_add(&launch->argv, order->format);
    if (order->flame)
        list_add(&launch->argv, "--flame");
    list_add(&launch->argv, "--scale");
    list_add_owned(&launch->argv, xasprintf("%u", order->scale));
    return 0;
}

int picture_draw(struct event_base *base, int channel, const struct picture_order *order,
                 picture_done *done, void *context, struct picture_run **ret, struct error *err)
{
    struct launch launch;
    int r = make_launch(order, &launch, err);
    if (r < 0)
        return r;
    int feed = memfd_sealed("document", order->text, order->len, err);
    if (feed < 0) {
        launch_done(&launch);
        return feed;
    }
    struct picture_run *run = xcalloc(1, sizeof(*run));
    run->sink = (struct run_sink){ take_note, take_output, take_end };
    run->most = order->most;
    run->done = done;
    run->context = context;
    r = run_submit(base, channel, &launch, feed, &run->sink, &run->run, err);
    if (r < 0) {
        free(run);
        return r;
    }
    *ret = run;
    return 0;
}

void picture_cancel(struct picture_run *run)
{
    run_cancel(run->run, false);
}

struct json_object *picture_document(struct json_object *result, const char *title)
{
    struct json_object *document = json_object_new_object();
    json_object_object_foreach(result, name, value)
    {
        json_object_object_add(document, name, json_object_get(value));
    }
    if (title) {
        size_t line = strcspn(title, "\r\n");
        autofree char *label = xasprintf("%.*s%s", (int)line, title, title[line] ? " ..." : "");
        char shown[TITLE_MAX];
        (void)printable(label, shown, sizeof(shown));
        bool valid = utf8_valid(shown, strlen(shown));
        for (char *at = shown; !valid && *at; at++)
            if ((unsigned char)*at >= 0x80)
                *at = '?';
        json_object_object_add(document, "label", json_object_new_string(shown));
    }
    return document;
}
