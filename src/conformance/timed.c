/* SPDX-License-Identifier: Apache-2.0 */
/* timed.c - the fixtures that take time, and tell of it meanwhile. */
#include <event2/event.h>
#include <string.h>

#include "conformance/fixtures.h"
#include "job/store.h"
#include "mcp/call.h"
#include "mcp/rpc.h"
#include "str.h"

#define STEP_MS 50

/* One thing after the other, with a wait before each. */
enum act {
    ACT_SAY = 1,  /* `text` as a log message */
    ACT_PROGRESS, /* `number` of 100 */
    ACT_LEAVE,    /* closes the stream; the client comes back for the rest */
    ACT_ANSWER,   /* `text` */
};

struct step {
    enum act act;
    unsigned wait_ms;
    const char *text;
    double number;
};

#define STEPS_MAX 4

static const struct timed {
    const char *name;
    struct step steps[STEPS_MAX];
} timed[] = {
    { "test_tool_with_logging",
      { { ACT_SAY, 0, "Tool execution started", 0 },
        { ACT_SAY, STEP_MS, "Tool processing data", 0 },
        { ACT_SAY, STEP_MS, "Tool execution completed", 0 },
        { ACT_ANSWER, 0, "Tool with logging executed successfully", 0 } } },
    { "test_logging_tool",
      { { ACT_SAY, 0, "This is said only to who asked to hear it", 0 },
        { ACT_ANSWER, STEP_MS, "Tool that logs executed successfully", 0 } } },
    { "test_tool_with_progress",
      { { ACT_PROGRESS, 0, NULL, 0 },
        { ACT_PROGRESS, STEP_MS, NULL, 50 },
        { ACT_PROGRESS, STEP_MS, NULL, 100 },
        { ACT_ANSWER, 0, "Tool with progress executed successfully", 0 } } },
    { "test_reconnection",
      { { ACT_LEAVE, 0, NULL, 0 },
        { ACT_ANSWER, 2 * STEP_MS, "Reconnection test completed successfully", 0 } } },
};

struct work {
    struct call *call;
    const struct step *next;
    struct event *timer;
};

static void work_free(struct work *work)
{
    event_free(work->timer);
    free(work);
}

static void work_wait(struct work *work)
{
    const struct timeval wait = { .tv_usec = (suseconds_t)work->next->wait_ms * 1000 };
    (void)event_add(work->timer, &wait);
}

static void work_step(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct work *work = context;
    struct call *call = work->call;
    const struct step *step = work->next++;
    switch (step->act) {
    case ACT_SAY:
        call_log(call, SAY_INFO, "conformance", json_object_new_string(step->text));
        break;
    case ACT_PROGRESS:
        call_progress(call, &(const struct progress){ .current = step->number, .total = 100 });
        break;
    case ACT_LEAVE:
        call_leave(call);
        break;
    case ACT_ANSWER:
        work_free(work);
        fixture_says(call, step->text);
        return;
    }
    work_wait(work);
}

static void work_cancel(struct call *call, bool grace)
{
    (void)grace;
    work_free(call->work);
    call_error(call, RPC_INTERNAL_ERROR, "cancelled");
}

void timed_answer(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    const struct timed *row = timed;
    while (row < timed + COUNT(timed) && strcmp(row->name, fixture_name(call)) != 0)
        row++;
    if (row == timed + COUNT(timed)) {
        call_error(call, RPC_INTERNAL_ERROR, "this fixture has no steps");
        return;
    }
    struct work *work = xcalloc(1, sizeof(*work));
    work->call = call;
    work->next = row->steps;
    work->timer = event_new(fixtures.base, -1, 0, work_step, work);
    call->work = work;
    call->cancel = work_cancel;
    work_wait(work);
}
