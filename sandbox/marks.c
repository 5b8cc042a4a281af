/* SPDX-License-Identifier: Apache-2.0 */
#include "marks.h"

#include <string.h>

#include <cordon/note.h>

#include "clock.h"
#include "tell.h"

/* More than the straight line has steps. */
#define MARKS_MAX 48

static struct {
    uint64_t begun_ns, last_ns;
    struct {
        const char *name;
        uint64_t ns;
    } list[MARKS_MAX];
    size_t count;
    unsigned paused;
    struct report running, ended; /* zeros: nothing is known */
} marks;

void marks_begin(void)
{
    marks.begun_ns = marks.last_ns = now_ns();
    marks.count = 0;
    marks.running.kind = marks.ended.kind = REPORT_KINDS;
}

void mark(const char *name)
{
    marks.last_ns = now_ns();
    if (marks.count == MARKS_MAX || marks.paused > 0)
        return;
    marks.list[marks.count].name = name;
    marks.list[marks.count++].ns = marks.last_ns;
}

uint64_t marks_last(void)
{
    return marks.last_ns;
}

void marks_pause(void)
{
    marks.paused++;
}

void marks_resume(const char *name)
{
    marks.paused--;
    mark(name);
}

void marks_inside(const struct report *running, const struct report *ended)
{
    if (marks.paused > 0)
        return;
    if (running)
        marks.running = *running;
    if (ended)
        marks.ended = *ended;
}

static void add_own(struct spans *spans)
{
    uint64_t since = marks.begun_ns;
    for (size_t i = 0; i < marks.count; since = marks.list[i++].ns)
        spans_add(spans, SPAN_SUPERVISOR, marks.list[i].name, since, marks.list[i].ns);
}

/* Of a box that stood before the launch came, what happened then is nobody's time. */
static void add_inside(struct spans *spans, enum span_lane lane, const char *name,
                       uint64_t begin_ns, uint64_t end_ns)
{
    if (begin_ns >= marks.begun_ns)
        spans_add(spans, lane, name, begin_ns, end_ns);
}

/* The names come out of a box. */
static bool is_name(const struct report_step *step)
{
    size_t len = strnlen(step->name, sizeof(step->name));
    for (size_t i = 0; i < len; i++)
        if (step->name[i] < ' ' || step->name[i] > '~')
            return false;
    return len > 0 && len < sizeof(step->name);
}

static void add_steps(struct spans *spans)
{
    const struct report *running = &marks.running;
    uint64_t since = running->init_ns;
    bool forked = false;
    for (size_t i = 0; i < running->step_count && i < COUNT(running->steps); i++) {
        const struct report_step *step = &running->steps[i];
        if (step->inside && !forked) {
            forked = true;
            add_inside(spans, SPAN_INIT, "fork", since, running->forked_ns);
            since = running->forked_ns;
        }
        if (is_name(step))
            add_inside(spans, step->inside ? SPAN_PAYLOAD : SPAN_INIT, step->name, since,
                       step->done_ns);
        since = step->done_ns;
    }
}

static void add_script(struct spans *spans)
{
    const struct report *ended = &marks.ended;
    uint64_t since = ended->started_ns;
    if (ended->script_read_ns >= since && ended->script_read_ns <= ended->ended_ns) {
        add_inside(spans, SPAN_PAYLOAD, "interpreter", since, ended->script_read_ns);
        since = ended->script_read_ns;
    }
    add_inside(spans, SPAN_PAYLOAD, "script", since, ended->ended_ns);
    add_inside(spans, SPAN_INIT, "reap", ended->ended_ns, ended->empty_ns);
}

void marks_tell(const struct launch *launch)
{
    if (!launch->timed)
        return;
    struct note note = { .kind = NOTE_SPANS };
    add_own(&note.spans);
    if (marks.running.kind != REPORT_KINDS)
        add_steps(&note.spans);
    if (marks.ended.kind != REPORT_KINDS)
        add_script(&note.spans);
    tell(launch, &note);
}
