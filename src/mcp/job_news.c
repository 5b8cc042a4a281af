/* SPDX-License-Identifier: Apache-2.0 */
/* job_news.c - tells who subscribed to a job's output or record when there is more of it. */
#include "mcp/job_news.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cordon/launch.h>

#include "job/output.h"
#include "json.h"
#include "mcp/hub.h"
#include "mcp/job_task.h"
#include "mcp/job_view.h"
#include "mcp/services.h"
#include "str.h"

#define LOOK_MS 500

/* What is compared: nothing of it ever goes back. */
struct state {
    enum job_status status;
    uint64_t bytes[2];
    double progress;
};

struct watched {
    struct watched *next;
    char owner[OWNER_MAX];
    enum offer_change what;
    char *id;                        /* of the task, or the address */
    const struct services *services; /* of who waits; while it is looked at */
    struct state state;
    bool wanted, changed;
    bool untold; /* somebody did not read enough to be told */
};

struct job_news {
    struct hub *hub;
    struct event *look;
    struct watched *list;
    bool open; /* one of them has not ended */
};

/* The job of an address, and whether its output is what is waited for. */
static bool job_of(const char *address, char id[JOB_ID_MAX], bool *stream)
{
    static const char *const prefixes[] = { "job-stream://", "cordon://jobs/" };
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        const char *rest = address + strlen(prefixes[i]);
        if (!starts_with(address, prefixes[i]))
            continue;
        *stream = i == 0;
        return snprintf(id, JOB_ID_MAX, "%.*s", (int)strcspn(rest, "?"), rest) < JOB_ID_MAX;
    }
    return false;
}

static bool state_read(const struct services *services, enum offer_change what, const char *address,
                       struct state *ret)
{
    char id[JOB_ID_MAX];
    bool stream = false, task = what == CHANGE_TASK && strlen(address) < sizeof(id);
    if (task)
        (void)snprintf(id, sizeof(id), "%s", address);
    struct record record;
    struct error err;
    *ret = (struct state){ 0 };
    if (!services || !(task || (what == CHANGE_RESOURCE && job_of(address, id, &stream))) ||
        job_view_find(services, id, &record, &err) < 0)
        return false;
    ret->status = record.status;
    ret->progress = stream ? 0 : record.progress.current;
    for (int i = 0; stream && i < 2; i++)
        ret->bytes[i] = output_size(services->outputs, record.id, i + 1);
    record_done(&record);
    return true;
}

static bool state_same(const struct state *a, const struct state *b)
{
    return a->status == b->status && a->bytes[0] == b->bytes[0] && a->bytes[1] == b->bytes[1] &&
           !(a->progress < b->progress) && !(a->progress > b->progress);
}

static struct watched *watched_find(struct job_news *news, const char *owner,
                                    enum offer_change what, const char *id)
{
    struct watched *watched = news->list;
    while (watched && (watched->what != what || strcmp(watched->id, id) != 0 ||
                       strcmp(watched->owner, owner) != 0))
        watched = watched->next;
    return watched;
}

static void look_at(void *context, const struct listener *listener, enum offer_change what,
                    const char *id)
{
    struct job_news *news = context;
    struct watched *watched = watched_find(news, listener->owner, what, id);
    struct state state;
    if (watched && watched->wanted) /* another who waits for the same */
        return;
    if (!state_read(listener->services, what, id, &state))
        return;
    if (!watched) {
        watched = xcalloc(1, sizeof(*watched));
        (void)snprintf(watched->owner, sizeof(watched->owner), "%s", listener->owner);
        watched->what = what;
        watched->id = xstrdup(id);
        watched->state = state;
        watched->next = news->list;
        news->list = watched;
    }
    /* What ended before somebody could wait for it would never change again. */
    bool late = !watched->services && what == CHANGE_TASK && job_status_ended(state.status);
    watched->wanted = true;
    watched->services = listener->services;
    watched->changed = late || !state_same(&watched->state, &state);
    watched->state = state;
    news->open = news->open || !job_status_ended(state.status);
}

static void drop(struct watched **at)
{
    struct watched *watched = *at;
    *at = watched->next;
    free(watched->id);
    free(watched);
}

/* Of a task what it is now is told with it. */
static void tell(struct job_news *news, struct watched *watched)
{
    struct record record;
    struct error err;
    autojson struct json_object *body = NULL;
    if (watched->what == CHANGE_TASK) {
        if (job_view_find(watched->services, watched->id, &record, &err) < 0)
            return; /* pruned a moment ago */
        body = job_task_print(watched->services, &record);
        record_done(&record);
    }
    const struct news changed = {
        .what = watched->what,
        .id = watched->id,
        .owner = watched->owner,
        .body = body,
        .again = !watched->changed,
    };
    watched->untold = !hub_publish(news->hub, &changed);
    news->open = news->open || watched->untold;
}

/* Told only when all have been looked at: who is told may go away. */
static void look(struct job_news *news)
{
    static const struct timeval soon = { .tv_usec = LOOK_MS * 1000 };
    for (struct watched *watched = news->list; watched; watched = watched->next)
        watched->wanted = false;
    news->open = false;
    hub_each_address(news->hub, look_at, news);
    for (struct watched **at = &news->list; *at;) {
        if ((*at)->wanted && ((*at)->changed || (*at)->untold))
            tell(news, *at);
        if ((*at)->wanted)
            at = &(*at)->next;
        else
            drop(at);
    }
    if (news->open && evtimer_add(news->look, &soon) < 0)
        abort(); /* out of memory */
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    look(context);
}

static void on_wanted(void *context)
{
    look(context); /* from here on nothing is missed */
}

struct job_news *job_news_new(struct event_base *base, struct hub *hub)
{
    struct job_news *news = xcalloc(1, sizeof(*news));
    news->hub = hub;
    news->look = evtimer_new(base, on_look, news);
    if (!news->look)
        abort(); /* out of memory */
    hub_on_wanted(hub, on_wanted, news);
    return news;
}

void job_news_free(struct job_news *news)
{
    if (!news)
        return;
    hub_on_wanted(news->hub, NULL, NULL);
    event_free(news->look);
    while (news->list)
        drop(&news->list);
    free(news);
}
