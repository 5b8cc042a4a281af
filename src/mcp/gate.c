/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c - the trusted side, as the front sees it. */
#include "mcp/gate.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fd.h"
#include "str.h"

/* Unanswered questions on the wire. The front writes to the socket blocking,
 * which is safe while the gate is never kept from reading: so many answers
 * always fit into the socket's buffer. */
#define ASKED_MAX 8

struct question {
    struct question *next;
    uint32_t ticket;
    bool asked;          /* on the wire, or still waiting for its turn */
    gate_answer *answer; /* NULL: forgotten */
    void *context;
    void *frame; /* until it is on the wire */
    size_t len;
};

struct gate {
    int channel;
    struct event *readable;
    void (*died)(void *context);
    void *context;
    bool dead;
    uint32_t last_ticket;
    struct question *first, **end; /* in the order they came */
    unsigned asked;
};

/* --- questions -------------------------------------------------------------------- */

static void question_free(struct question *question)
{
    free(question->frame);
    free(question);
}

/* Out of the list, which then ends where it should. */
static void unlink_question(struct gate *gate, struct question **link)
{
    struct question *question = *link;
    *link = question->next;
    if (gate->end == &question->next)
        gate->end = link;
    gate->asked -= question->asked;
}

static struct question **find_question(struct gate *gate, uint32_t ticket)
{
    struct question **link = &gate->first;
    while (*link && (*link)->ticket != ticket)
        link = &(*link)->next;
    return link;
}

static void answer_fault(struct question *question, const char *why)
{
    struct resolved resolved = { .id = question->ticket };
    resolved.code = -fail_host_as(&resolved.error, EPIPE, "%s", why);
    if (question->answer)
        question->answer(question->context, &resolved, -1);
    question_free(question);
}

static void die(struct gate *gate)
{
    if (gate->dead)
        return;
    gate->dead = true;
    event_del(gate->readable);
    while (gate->first) {
        struct question *question = gate->first;
        unlink_question(gate, &gate->first);
        answer_fault(question, "the gate died");
    }
    gate->died(gate->context);
}

static void ask_waiting(struct gate *gate)
{
    for (struct question *q = gate->first; q && gate->asked < ASKED_MAX; q = q->next) {
        if (q->asked)
            continue;
        struct error err;
        /* A gate that is gone is noticed by its end of the socket, in the loop. */
        if (socket_send(gate->channel, q->frame, q->len, NULL, 0, &err) < 0)
            return;
        q->asked = true;
        gate->asked++;
        free(TAKE(&q->frame));
    }
}

/* The question's frame. */
static int encode(struct resolve *resolve, const struct gate_ask *ask, struct question *question,
                  struct error *err)
{
    (void)snprintf(resolve->owner, sizeof(resolve->owner), "%s", ask->owner);
    question->answer = ask->answer;
    question->context = ask->context;
    static char frame[LAUNCH_FRAME_MAX]; /* too much to clear for each */
    int r = resolve_encode(resolve, frame, &question->len, err);
    if (r < 0)
        return r;
    question->frame = xcalloc(1, question->len);
    memcpy(question->frame, frame, question->len);
    return 0;
}

int gate_ask(struct gate *gate, const struct gate_ask *ask, uint32_t *ticket, struct error *err)
{
    if (gate->dead)
        return fail_host_as(err, EPIPE, "the gate died");
    struct question *question = xcalloc(1, sizeof(*question));
    question->ticket = ++gate->last_ticket;
    struct resolve resolve = { .id = question->ticket,
                               .what = ask->what,
                               .directory = ask->directory ? xstrdup(ask->directory) : NULL,
                               .path = ask->path ? xstrdup(ask->path) : NULL };
    int r = encode(&resolve, ask, question, err);
    resolve_done(&resolve);
    if (r < 0) {
        question_free(question);
        return r;
    }
    *ticket = question->ticket;
    *gate->end = question;
    gate->end = &question->next;
    ask_waiting(gate);
    return 0;
}

void gate_forget(struct gate *gate, uint32_t ticket)
{
    struct question **link = find_question(gate, ticket);
    if (!*link)
        return;
    if ((*link)->asked) {
        (*link)->answer = NULL; /* its answer still comes, and still takes room */
        return;
    }
    struct question *question = *link;
    unlink_question(gate, link);
    question_free(question);
}

/* --- answers ------------------------------------------------------------------------ */

static void take_answer(struct gate *gate, const struct resolved *resolved, int fd)
{
    struct question **link = find_question(gate, resolved->id);
    struct question *question = *link;
    if (!question || !question->asked || !question->answer)
        own_close(&fd);
    if (!question || !question->asked)
        return;
    unlink_question(gate, link);
    if (question->answer)
        question->answer(question->context, resolved, fd);
    question_free(question);
}

static void on_readable(evutil_socket_t channel, short what, void *context)
{
    struct gate *gate = context;
    (void)what;
    static char frame[LAUNCH_FRAME_MAX]; /* one loop, one reader at a time */
    int fd = -1;
    size_t count = 0;
    struct error err;
    ssize_t n = socket_receive(channel, frame, sizeof(frame), &fd, 1, &count, &err);
    if (n <= 0) {
        die(gate);
        return;
    }
    struct resolved resolved = { 0 };
    if (resolved_decode(frame, (size_t)n, &resolved, &err) == 0) {
        take_answer(gate, &resolved, count ? fd : -1);
        ask_waiting(gate);
    } else {
        /* The trusted side does not say such things: something is very wrong. */
        if (count)
            own_close(&fd);
        die(gate);
    }
    resolved_done(&resolved);
}

/* --- life ----------------------------------------------------------------------------- */

struct gate *gate_new(struct event_base *base, int channel, void (*died)(void *context),
                      void *context)
{
    struct gate *gate = xcalloc(1, sizeof(*gate));
    gate->channel = channel;
    gate->died = died;
    gate->context = context;
    gate->end = &gate->first;
    gate->readable = event_new(base, channel, EV_READ | EV_PERSIST, on_readable, gate);
    if (!gate->readable || event_add(gate->readable, NULL) < 0)
        abort();
    return gate;
}

void gate_free(struct gate *gate)
{
    if (!gate)
        return;
    while (gate->first) {
        struct question *question = gate->first;
        unlink_question(gate, &gate->first);
        question_free(question);
    }
    event_free(gate->readable);
    own_close(&gate->channel);
    free(gate);
}

int gate_channel(const struct gate *gate)
{
    return gate->channel;
}

void gate_leave(struct gate *gate)
{
    (void)shutdown(gate->channel, SHUT_WR);
}
