/* SPDX-License-Identifier: Apache-2.0 */
/* tool_run.c - one script from its call to its result.
 *
 *     arguments -> run_call -> (paths, judged by the gate) -> spec -> launch -> run -> result
 *
 * A call stands in one place at a time: a question is open at the gate, it waits
 * for its turn, or it runs. Cancelling ends the one or the other.
 */
#include "mcp/tool_run.h"

#include <errno.h>
#include <string.h>

#include <cordon/log.h>
#include <cordon/runner.h>
#include <cordon/spec.h>

#include "clock.h"
#include "fd.h"
#include "mcp/gate.h"
#include "mcp/rpc.h"
#include "mcp/run_call.h"
#include "mcp/tools.h"
#include "mcp/turns.h"
#include "run/result.h"
#include "script/dotenv.h"
#include "str.h"

struct work {
    struct run_sink sink; /* first: the runner knows a work by it */
    struct call *call;
    const struct field *const *fields;
    struct run_call asked;
    struct spec spec;
    bool use_uv;
    char job[JOB_ID_MAX];
    char policy[POLICY_NAME_MAX];

    size_t step;      /* the next of `steps` */
    uint32_t ticket;  /* the open question; 0: none */
    struct turn turn; /* to run */
    struct run *run;  /* NULL before and after */
    struct started started;
    bool has_started;
    struct changes changes;
    struct capture output[2];
};

/* --- the end --------------------------------------------------------------------- */

static struct call *work_end(struct work *work)
{
    struct call *call = work->call;
    turn_leave(call->services->turns, &work->turn);
    run_call_done(work->fields, &work->asked);
    spec_done(&work->spec);
    started_done(&work->started);
    changes_done(&work->changes);
    capture_done(&work->output[0]);
    capture_done(&work->output[1]);
    free(work);
    return call;
}

static void work_refuse(struct work *work, const struct error *err)
{
    call_refuse(work_end(work), err);
}

static void log_end(const struct work *work, const struct outcome *outcome)
{
    log_event(LOG_INFO, "ended", KV("job", work->job), KV("policy", work->policy),
              KV("end", end_name(outcome->end)),
              KV_U64("exit_code", (uint64_t)outcome_exit_code(outcome)),
              KV_U64("wall_ms", outcome->usage.wall_ns / NS_PER_MS));
    if (outcome->end == END_FAULT)
        log_event(LOG_ERROR, "fault", KV("job", work->job), KV("reason", outcome->error.text));
}

/* Cancelled though its client did not ask: the gate died, and what was left of
 * the run was ended for that. */
static struct outcome true_outcome(const struct work *work, const struct outcome *outcome)
{
    struct outcome ret = *outcome;
    if (outcome->end == END_CANCELLED && !work->call->silent) {
        ret.end = END_FAULT;
        (void)fail_host_as(&ret.error, EPIPE, "the gate died");
    }
    return ret;
}

static void on_ended(struct run_sink *sink, const struct outcome *reported,
                     const uint64_t dropped[2])
{
    struct work *work = (struct work *)sink;
    const struct outcome outcome = true_outcome(work, reported);
    const struct result_input input = {
        .job = work->job,
        .started = work->has_started ? &work->started : NULL,
        .outcome = &outcome,
        .output = { &work->output[0], &work->output[1] },
        .dropped = { dropped[0], dropped[1] },
        .changes = &work->changes,
        .changes_room = REPLY_CHANGES_ROOM,
        .elapsed_ns = now_ns() - work->call->arrived_ns,
        .policy = work->policy,
        .use_uv = work->use_uv,
    };
    log_end(work, &outcome);
    bool is_error = outcome.end == END_REFUSED || outcome.end == END_FAULT;
    struct json_object *object = result_build(&input);
    call_answer(work_end(work), tool_result(object, is_error));
}

/* --- while it runs ------------------------------------------------------------------ */

static void on_note(struct run_sink *sink, struct note *note)
{
    struct work *work = (struct work *)sink;
    if (note->kind == NOTE_CHANGES)
        changes_join(&work->changes, &note->changes);
    if (note->kind != NOTE_STARTED || work->has_started)
        return;
    work->started = note->started;
    work->has_started = true;
    note->started = (struct started){ 0 };
}

static void on_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct work *work = (struct work *)sink;
    capture_add(&work->output[stream - 1], bytes, len);
}

static void on_cancel(struct call *call, bool grace)
{
    struct work *work = call->work;
    if (work->run) {
        run_cancel(work->run, grace); /* its outcome ends the call */
        return;
    }
    gate_forget(call->services->gate, work->ticket);
    const struct outcome cancelled = { .end = END_CANCELLED };
    const struct outcome outcome = true_outcome(work, &cancelled);
    call_stopped(work_end(work), &outcome);
}

static void start(struct turn *turn)
{
    struct work *work = (struct work *)((char *)turn - offsetof(struct work, turn));
    const struct services *services = work->call->services;
    struct launch launch;
    struct error err = { 0 };
    launch_init(&launch);
    work->use_uv = work->spec.use_uv;
    int r = launch_from_spec(&work->spec, &launch, &err);
    if (r == 0) {
        memcpy(work->job, launch.job, sizeof(work->job));
        memcpy(work->policy, launch.policy, sizeof(work->policy));
        log_event(LOG_INFO, "started", KV("job", work->job), KV("policy", work->policy));
        r = run_submit(services->base, gate_channel(services->gate), &launch, -1, &work->sink,
                       &work->run, &err);
    }
    if (r < 0)
        work_refuse(work, &err);
}

/* --- what the gate has to look at first ------------------------------------------------
 *
 * Every step may ask one question; its answer comes back to `take`. A step that
 * asks nothing is skipped. */

static int read_answer(int fd, struct work *work, struct error *err)
{
    return fd_read_all(fd, SCRIPT_BYTES_MAX, &work->spec.code, &work->spec.code_len, err);
}

/* The directory, together with the script where that is a file in it. */
static bool place_asks(const struct work *work, const char **directory, const char **path)
{
    *directory = work->asked.directory;
    *path = work->asked.script_path;
    return *directory || *path;
}

static int place_take(struct work *work, const struct resolved *answer, int fd, struct error *err)
{
    if (work->asked.directory)
        work->spec.workspace = xstrdup(answer->directory);
    if (!work->asked.script_path)
        return 0;
    work->spec.script_path = xstrdup(answer->path);
    work->spec.in_place = work->asked.directory != NULL;
    return read_answer(fd, work, err);
}

static bool variables_ask(const struct work *work, const char **directory, const char **path)
{
    *directory = work->spec.workspace;
    *path = work->asked.env_file;
    return *path;
}

static int variables_take(struct work *work, const struct resolved *answer, int fd,
                          struct error *err)
{
    (void)answer;
    autofree char *text = NULL;
    size_t len;
    char **variables = NULL;
    int r = fd_read_all(fd, DOTENV_BYTES_MAX, &text, &len, err);
    if (r == 0)
        r = dotenv_parse(text, len, &variables, err);
    if (r < 0)
        return r;
    /* env_vars win: of equal names the later entry counts. */
    for (char **own = work->spec.variables; own && *own; own++)
        list_add(&variables, *own);
    list_free(work->spec.variables);
    work->spec.variables = variables;
    return 0;
}

static const struct step {
    bool (*asks)(const struct work *work, const char **directory, const char **path);
    int (*take)(struct work *work, const struct resolved *answer, int fd, struct error *err);
} steps[] = {
    { place_asks, place_take },
    { variables_ask, variables_take },
};

/* The parameter that a failed question was about. */
static const char *parameter(const struct work *work)
{
    if (steps[work->step].asks == variables_ask)
        return "env_file";
    return work->asked.script_path ? "script_path" : "directory";
}

static void proceed(struct work *work);

/* An answer has the parts that were asked for, or is no answer. */
static int check_answer(const struct work *work, const struct resolved *answer, int fd,
                        struct error *err)
{
    const char *directory, *path;
    (void)steps[work->step].asks(work, &directory, &path);
    if (answer->code != 0) {
        *err = answer->error;
        return -err->code;
    }
    if ((directory && !answer->directory) || (path && (!answer->path || fd < 0)))
        return fail_host_as(err, EBADMSG, "the gate's answer is not complete");
    return 0;
}

static void on_answer(void *context, const struct resolved *answer, int fd)
{
    struct work *work = context;
    autoclose int file = fd;
    struct error err = { 0 };
    work->ticket = 0;
    int r = check_answer(work, answer, file, &err);
    if (r == 0)
        r = steps[work->step].take(work, answer, file, &err);
    if (r < 0) {
        (void)fail_within(&err, "%s", parameter(work));
        work_refuse(work, &err);
        return;
    }
    work->step++;
    proceed(work);
}

static void proceed(struct work *work)
{
    const char *directory = NULL, *path = NULL;
    while (work->step < COUNT(steps) && !steps[work->step].asks(work, &directory, &path))
        work->step++;
    if (work->step == COUNT(steps)) {
        if (turn_ask(work->call->services->turns, &work->turn))
            start(&work->turn);
        return;
    }
    struct error err = { 0 };
    if (gate_resolve(work->call->services->gate, directory, path, on_answer, work, &work->ticket,
                     &err) < 0) {
        (void)fail_within(&err, "%s", parameter(work));
        work_refuse(work, &err);
    }
}

/* --- the beginning --------------------------------------------------------------------- */

static void run_tool(struct call *call, struct json_object *arguments,
                     const struct field *const *fields)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->sink = (struct run_sink){ on_note, on_output, on_ended };
    work->call = call;
    work->fields = fields;
    work->turn.go = start;
    spec_init(&work->spec);
    call->work = work;
    call->cancel = on_cancel;
    struct error err = { 0 };
    if (run_call_decode(fields, arguments, &work->asked, &err) < 0) {
        work_refuse(work, &err);
        return;
    }
    run_call_spec(&work->asked, fields, &work->spec);
    if (!work->spec.policy)
        work->spec.policy = xstrdup(call->services->default_policy);
    proceed(work);
}

void tool_run_in_dir(struct call *call, struct json_object *arguments)
{
    run_tool(call, arguments, run_in_dir_fields);
}

void tool_run_with_dependencies(struct call *call, struct json_object *arguments)
{
    run_tool(call, arguments, run_with_dependencies_fields);
}
