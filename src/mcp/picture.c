/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/picture.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <string.h>

#include "base64.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/gate.h"
#include "mcp/owner.h"
#include "mcp/services.h"
#include "mcp/turns.h"
#include "run/picture.h"
#include "run/result.h"
#include "str.h"

/* For its turn and for being drawn, which takes some ten milliseconds where there is room. */
#define PATIENCE_S 15

/* No picture of ours is smaller. */
#define ROOM_LEAST ((size_t)6 * 1024)

struct picture {
    struct turn turn;
    struct turns *turns;
    struct event_base *base;
    struct gate *gate;
    char owner[OWNER_MAX];
    struct event *patience;
    char *document;
    size_t most;             /* bytes of the picture */
    struct picture_run *run; /* NULL while it waits for its turn */
    picture_ready *ready;
    void *context;
};

static struct json_object *block_of(const void *png, size_t len)
{
    autofree char *data = base64(png, len);
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("image"));
    json_object_object_add(block, "data", json_object_new_string(data));
    json_object_object_add(block, "mimeType", json_object_new_string("image/png"));
    return block;
}

/* --- its life --------------------------------------------------------------------------------- */

static void finish(struct picture *picture, struct json_object *block, const struct error *err)
{
    picture_ready *ready = picture->ready;
    void *context = picture->context;
    turn_leave(picture->turns, &picture->turn);
    event_free(picture->patience);
    free(picture->document);
    free(picture);
    ready(context, block, err);
}

static void on_drawn(void *context, const void *png, size_t len, const struct error *err)
{
    finish(context, png ? block_of(png, len) : NULL, err);
}

static int draw(struct picture *picture, struct error *err)
{
    const struct picture_order order = { .owner = picture->owner,
                                         .format = "png",
                                         .scale = 1,
                                         .tool = "py_benchmark_script",
                                         .text = picture->document,
                                         .len = strlen(picture->document),
                                         .most = picture->most };
    return picture_draw(picture->base, gate_channel(picture->gate), &order, on_drawn, picture,
                        &picture->run, err);
}

static void on_turn(struct turn *turn)
{
    struct picture *picture = (struct picture *)((char *)turn - offsetof(struct picture, turn));
    struct error err = { 0 };
    if (draw(picture, &err) < 0)
        finish(picture, NULL, &err);
}

void picture_stop(struct picture *picture)
{
    struct error err = { 0 };
    if (picture->run) {
        picture_cancel(picture->run);
        return;
    }
    (void)fail_host_as(&err, EAGAIN, "there was no turn for it in time");
    finish(picture, NULL, &err);
}

static void on_patience(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    picture_stop(context);
}

int picture_begin(const struct services *services, const struct picture_wish *wish,
                  picture_ready *ready, void *context, struct picture **ret, struct error *err)
{
    size_t used = wish->beside + REPLY_ENVELOPE_BYTES, len;
    size_t room = used < REPLY_BYTES_MAX ? REPLY_BYTES_MAX - used : 0;
    if (room < ROOM_LEAST)
        return fail_host_as(err, EFBIG, "the reply has no room for it");
    struct json_object *document autojson = picture_document(wish->result, wish->title);
    struct picture *picture = xcalloc(1, sizeof(*picture));
    picture->turn.go = on_turn;
    picture->turn.line = &services->owner->line;
    picture->turns = services->turns;
    picture->base = services->base;
    picture->gate = services->gate;
    memcpy(picture->owner, services->owner->name, sizeof(picture->owner));
    picture->document = xstrdup(result_text(document, &len));
    picture->most = room / 4 * 3;
    picture->ready = ready;
    picture->context = context;
    picture->patience = evtimer_new(services->base, on_patience, picture);
    static const struct timeval patience = { .tv_sec = PATIENCE_S };
    if (!picture->patience || event_add(picture->patience, &patience) < 0)
        abort(); /* out of memory */
    int r = turn_ask(picture->turns, &picture->turn) ? draw(picture, err) : 0;
    if (r < 0) {
        turn_leave(picture->turns, &picture->turn);
        event_free(picture->patience);
        free(picture->document);
        free(picture);
        return r;
    }
    *ret = picture;
    return 0;
}
