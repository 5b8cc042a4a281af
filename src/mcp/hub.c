/* SPDX-License-Identifier: Apache-2.0 */
/* hub.c - who listens for changes, and the rounds that are open. */
#include "mcp/hub.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <cordon/launch.h>

#include "clock.h"
#include "str.h"

struct kept_round {
    struct kept_round *next; /* younger */
    char handle[HANDLE_LEN + 1], owner[OWNER_MAX];
    char *method;
    struct json_object *params, *state;
    uint64_t until_ns;
    size_t bytes;
};

struct kept_text {
    struct kept_text *next;
    const void *offer, *method;
    enum era era;
    char *text;
};

struct hub {
    struct kept_text *texts; /* a handful */
    struct listener *listeners;
    struct listener *next; /* to be told, while something is published */
    void (*wanted)(void *context);
    void *wanted_context;
    struct kept_round *rounds; /* oldest first */
    size_t round_count, round_bytes;
};

/* --- answers that never change ---------------------------------------------------------------- */

const char *hub_text(const struct hub *hub, const void *offer, const void *method, enum era era)
{
    const struct kept_text *kept = hub->texts;
    while (kept && (kept->offer != offer || kept->method != method || kept->era != era))
        kept = kept->next;
    return kept ? kept->text : NULL;
}

const char *hub_text_keep(struct hub *hub, const void *offer, const void *method, enum era era,
                          char *text)
{
    struct kept_text *kept = xcalloc(1, sizeof(*kept));
    *kept = (struct kept_text){ hub->texts, offer, method, era, text };
    hub->texts = kept;
    return text;
}

/* --- news ------------------------------------------------------------------------------------ */

bool hub_listen(struct hub *hub, struct listener *listener)
{
    size_t count = 0;
    for (const struct listener *other = hub->listeners; other; other = other->next)
        count += strcmp(other->owner, listener->owner) == 0;
    if (count >= LISTENERS_MAX)
        return false;
    listener->next = hub->listeners;
    listener->link = &hub->listeners;
    if (listener->next)
        listener->next->link = &listener->next;
    hub->listeners = listener;
    return true;
}

void hub_unlisten(struct hub *hub, struct listener *listener)
{
    if (!listener->link)
        return;
    if (hub->next == listener)
        hub->next = listener->next;
    *listener->link = listener->next;
    if (listener->next)
        listener->next->link = listener->link;
    listener->link = NULL;
}

void hub_on_wanted(struct hub *hub, void (*wanted)(void *context), void *context)
{
    hub->wanted = wanted;
    hub->wanted_context = context;
}

void hub_wants(const struct hub *hub)
{
    if (hub->wanted)
        hub->wanted(hub->wanted_context);
}

void hub_each_address(const struct hub *hub, hub_each *each, void *context)
{
    for (const struct listener *listener = hub->listeners; listener; listener = listener->next) {
        for (char **at = listener->addresses ? *listener->addresses : NULL; at && *at; at++)
            each(context, listener, CHANGE_RESOURCE, *at);
        for (char **at = listener->tasks ? *listener->tasks : NULL; at && *at; at++)
            each(context, listener, CHANGE_TASK, *at);
    }
}

size_t hub_addresses(const struct hub *hub, const char *owner)
{
    size_t count = 0;
    for (const struct listener *listener = hub->listeners; listener; listener = listener->next)
        if (strcmp(listener->owner, owner) == 0)
            count += (listener->addresses ? list_len(*listener->addresses) : 0) +
                     (listener->tasks ? list_len(*listener->tasks) : 0);
    return count;
}

bool hub_publish(struct hub *hub, const struct news *news)
{
    bool told = true;
    for (struct listener *listener = hub->listeners; listener; listener = hub->next) {
        hub->next = listener->next;
        if (!news->owner || strcmp(news->owner, listener->owner) == 0)
            told = listener->heard(listener, news) && told;
    }
    return told;
}

/* --- rounds ----------------------------------------------------------------------------------- */

/* Takes it out of the list; its memory is the caller's. */
static struct kept_round *unlink_round(struct hub *hub, struct kept_round **at)
{
    struct kept_round *round = *at;
    *at = round->next;
    hub->round_count--;
    hub->round_bytes -= round->bytes;
    return round;
}

static void round_free(struct kept_round *round)
{
    json_object_put(round->params);
    json_object_put(round->state);
    free(round->method);
    free(round);
}

/* One place for one more of that owner. */
static void make_room(struct hub *hub, const char *owner, size_t bytes)
{
    struct kept_round **his = NULL;
    size_t count = 0;
    uint64_t now = now_ns();
    while (hub->rounds && (hub->rounds->until_ns < now || hub->round_count >= ROUNDS_MAX ||
                           hub->round_bytes + bytes > ROUND_BYTES_MAX))
        round_free(unlink_round(hub, &hub->rounds));
    for (struct kept_round **at = &hub->rounds; *at; at = &(*at)->next) {
        if (strcmp((*at)->owner, owner) != 0)
            continue;
        count++;
        his = his ? his : at;
    }
    if (his && count >= ROUNDS_MAX_EACH)
        round_free(unlink_round(hub, his));
}

int hub_keep(struct hub *hub, const struct round *round, size_t bytes, char ret[HANDLE_LEN + 1],
             struct error *err)
{
    unsigned char chance[HANDLE_LEN / 2];
    if (getrandom(chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
        return fail_host(err, "getrandom");
    make_room(hub, round->owner, bytes);
    struct kept_round *kept = xcalloc(1, sizeof(*kept)), **at = &hub->rounds;
    for (size_t i = 0; i < sizeof(chance); i++)
        (void)snprintf(kept->handle + 2 * i, 3, "%02x", chance[i]);
    (void)snprintf(kept->owner, sizeof(kept->owner), "%s", round->owner);
    kept->method = xstrdup(round->method);
    kept->params = json_object_get(round->params);
    kept->state = json_object_get(round->state);
    kept->until_ns = now_ns() + ROUND_S * NS_PER_S;
    kept->bytes = bytes;
    while (*at)
        at = &(*at)->next;
    *at = kept;
    hub->round_count++;
    hub->round_bytes += bytes;
    memcpy(ret, kept->handle, sizeof(kept->handle));
    return 0;
}

static bool matches(const struct kept_round *kept, const struct round *asked)
{
    return kept->until_ns >= now_ns() && strcmp(kept->owner, asked->owner) == 0 &&
           strcmp(kept->method, asked->method) == 0 &&
           json_object_equal(kept->params, asked->params);
}

bool hub_take(struct hub *hub, const char *handle, const struct round *asked,
              struct json_object **ret)
{
    struct kept_round **at = &hub->rounds;
    while (*at && strcmp((*at)->handle, handle) != 0)
        at = &(*at)->next;
    if (!*at || !matches(*at, asked))
        return false;
    struct kept_round *kept = unlink_round(hub, at);
    *ret = TAKE(&kept->state);
    round_free(kept);
    return true;
}

/* --- life ------------------------------------------------------------------------------------- */

struct hub *hub_new(void)
{
    return xcalloc(1, sizeof(struct hub));
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    while (hub->rounds)
        round_free(unlink_round(hub, &hub->rounds));
    for (struct kept_text *kept; (kept = hub->texts);) {
        hub->texts = kept->next;
        free(kept->text);
        free(kept);
    }
    free(hub);
}
