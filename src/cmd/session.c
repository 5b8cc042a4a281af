/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - cordon's own words about a run. */
#include "cmd/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/hint.h"
#include "run/missing.h"
#include "run/result.h"
#include "str.h"

/* Changes with a remark that are worth a line each on a terminal. */
#define CHANGES_SAID_MAX 5

void session_say(struct session *session, const char *fmt, ...)
{
    if (session->options->quiet)
        return;
    if (session->mid_line) /* our own words begin a line of their own */
        (void)!write(STDERR_FILENO, "\n", 1);
    session->mid_line = false;
    va_list args;
    va_start(args, fmt);
    autofree char *text = NULL;
    if (vasprintf(&text, fmt, args) >= 0)
        complain("%s", text);
    va_end(args);
}

/* Of a script that failed for want of a module or of a network: what would help. */
static void say_hints(struct session *session)
{
    if (session->outcome.end != END_EXITED || session->outcome.code == 0)
        return;
    autostr struct str text = { 0 };
    /* A terminal shows errors among all else. */
    (void)capture_text(&session->text[session->options->tty ? 0 : 1], SIZE_MAX, NULL, &text);
    if (text.len == 0)
        return;
    const char *neighbours = session->request->neighbours;
    autofree char *module = neighbours ? hint_neighbour(text.data, neighbours) : NULL;
    const char *hint = missing_hint(&session->started, &session->outcome, text.data);
    if (module)
        session_say(
            session,
            "%s lies beside the script, which alone is shown in the box; --directory %s shows "
            "the directory",
            module, neighbours);
    else if (hint)
        session_say(session, "%s", hint);
    else if (session->box_stood && hint_no_way_out(&session->started, text.data))
        session_say(session, "the box has no network; --allow-host HOST lets it reach that one");
}

/* What of the workspace is not as the script left it, or deserves a second look. */
static void say_changes(struct session *session)
{
    const struct changes *changes = &session->changes;
    size_t said = 0, more = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        char shown[160];
        if (!change->note)
            continue;
        if (said++ < CHANGES_SAID_MAX)
            session_say(session, "%s %s: %s", change_kind_name(change->kind),
                        printable(change->path, shown, sizeof(shown)), change->note);
        else
            more++;
    }
    if (more > 0)
        session_say(session, "and %zu more such changes; --json has the list", more);
}

static bool was_forwarded(const struct session *session, int number)
{
    return number > 0 && number < NSIG && session->forwarded[number];
}

/* Limits that ended nothing: which, how much it was, and how to have more. */
static void say_reached(struct session *session)
{
    static const struct {
        unsigned bit;
        const char *what, *limit;
        enum limit_unit unit;
    } reached[] = { { REACHED_PIDS, "processes and threads", "pids", UNIT_COUNT },
                    { REACHED_SCRATCH, "disk (scratch directories)", "scratch", UNIT_SIZE },
                    { REACHED_INODES, "how many files there may be", "inodes", UNIT_COUNT },
                    { REACHED_GROWTH, "disk (the workspace)", "workspace_growth", UNIT_SIZE },
                    { REACHED_FILES, "open files", "open_files", UNIT_COUNT } };
    const struct limits *limits = &session->started.limits;
    const uint64_t bounds[] = { limits->pids, limits->scratch_bytes, limits->inodes,
                                limits->workspace_growth_bytes, limits->open_files };
    for (size_t i = 0; i < COUNT(reached) && session->box_stood; i++) {
        char bound[32];
        if (!(session->outcome.reached & reached[i].bit))
            continue;
        limit_print(bounds[i], reached[i].unit, bound);
        autofree char *way = limit_way_up(reached[i].limit, ASKER_PERSON);
        session_say(session, "the limit on %s, %s, was reached: some calls failed; %s",
                    reached[i].what, bound, way);
    }
}

void session_say_end(struct session *session)
{
    const struct outcome *outcome = &session->outcome;
    const struct limits *limits = session->box_stood ? &session->started.limits : NULL;
    bool timeout = outcome->end == END_WALL || outcome->end == END_CPU;
    autofree char *sentence =
        timeout ? result_sentence(outcome, limits) : result_error(outcome, limits, ASKER_PERSON);
    if (timeout && !session->unread) { /* before it: that it is the last line, some rely on */
        autofree char *way = limit_way_up(outcome->end == END_WALL ? "wall" : "cpu", ASKER_PERSON);
        session_say(session, "out of time: %s", way);
    }
    if (sentence && !session->unread)
        session_say(session, "%s%s", timeout ? "[TIMEOUT] " : "", sentence);
    if (session->unwritable)
        session_say(session, "standard output: %s; so the script was ended",
                    strerror(session->unwritable));
    const char *name = signal_name(outcome->code);
    if (outcome->end == END_SIGNALLED && !was_forwarded(session, outcome->code))
        session_say(session, "ended by signal %d%s%s", outcome->code, name ? " " : "",
                    name ? name : "");
    say_reached(session);
    if (session->dropped[0] + session->dropped[1] > 0 && limits) {
        char shown[32];
        limit_print(limits->output_bytes, UNIT_SIZE, shown);
        session_say(session, "%" PRIu64 " bytes of output dropped: output limit of %s reached",
                    session->dropped[0] + session->dropped[1], shown);
    }
    say_changes(session);
    say_hints(session);
}
