/* SPDX-License-Identifier: Apache-2.0 */
/* tool_run.c - a call of a run tool, from its arguments to the order of a job.
 *
 *     arguments -> run_call -> (paths, judged by the gate) -> spec -> launch -> job
 *
 * After that the call waits for its job like anybody else (waiting.c).
 */
#include "mcp/tool_run.h"

#include <errno.h>
#include <string.h>

#include <cordon/spec.h>

#include "clock.h"
#include "fd.h"
#include "mcp/gate.h"
#include "mcp/owner.h"
#include "mcp/run_call.h"
#include "mcp/services.h"
#include "mcp/tools.h"
#include "mcp/waiting.h"
#include "script/dotenv.h"
#include "str.h"

/* More of a script's first line than a picture has room for. */
#define TITLE_BYTES_MAX 400

struct work {
    struct call *call;
    const struct field *const *fields;
    struct run_call asked;
    struct spec spec;
    char trace[TRACEPARENT_MAX]; /* its client's, or "" */
    size_t step;                 /* the next of `steps` */
    uint32_t ticket;             /* the open question; 0: none */
};

/* --- the end: a refusal, or an order -------------------------------------------------- */

static struct call *work_end(struct work *work)
{
    struct call *call = work->call;
    run_call_done(work->fields, &work->asked);
    spec_done(&work->spec);
    free(work);
    return call;
}

static void work_refuse(struct work *work, const struct error *err)
{
    call_refuse(work_end(work), err);
}

static void on_cancel(struct call *call, bool grace)
{
    struct work *work = call->work;
    (void)grace;
    gate_forget(call->services->gate, work->ticket);
    call_cancelled(work_end(work));
}

/* Text for standard input, as a descriptor to pump from. */
static int input_make(const char *text, int *ret, struct error *err)
{
    int fd = memfd_sealed("stdin", text, strlen(text), err);
    if (fd < 0)
        return fd;
    if (lseek(fd, 0, SEEK_SET) < 0) {
        close(fd);
        return fail_host(err, "lseek");
    }
    *ret = fd;
    return 0;
}

/* What a picture of the run is called; NULL where there is to be none. The caller's. */
static char *picture_title(const struct work *work)
{
    if (work->fields != benchmark_fields)
        return NULL;
    const char *code = work->spec.code ? work->spec.code : "";
    code += strspn(code, " \t\r\n");
    const char *title = work->asked.job_label     ? work->asked.job_label
                        : work->asked.script_path ? work->asked.script_path
                                                  : code;
    return xstrndup(title, strnlen(title, TITLE_BYTES_MAX));
}

static void start(struct work *work)
{
    struct call *call = work->call;
    struct launch launch;
    struct error err = { 0 };
    autoclose int input = -1;
    autofree char *title = picture_title(work);
    launch_init(&launch);
    int r = launch_from_spec(&work->spec, &launch, &err);
    if (r == 0 && work->asked.stdin_text)
        r = input_make(work->asked.stdin_text, &input, &err);
    if (r == 0) {
        struct job_order order = {
            .launch = &launch,
            .input = fd_take(&input),
            .tool = call->tool,
            .label = work->asked.job_label,
            .picture = title,
            .trace = work->trace,
            .runs = (unsigned)work->asked.runs,
            .warmup = (unsigned)work->asked.warmup,
            .arrived_ns = call->arrived_ns,
        };
        r = wait_for_job(call, &order, work->asked.async_mode, &err);
    }
    launch_done(&launch);
    call = work_end(work);
    if (r < 0)
        call_refuse(call, &err);
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
    if (work->asked.directory) {
        work->spec.workspace = xstrdup(answer->directory);
        places_add(&work->call->services->owner->places, answer->directory, now_ns());
    }
    if (!work->asked.script_path)
        return 0;
    work->spec.script_path = xstrdup(answer->path);
    work->spec.in_place = work->asked.directory != NULL;
    return read_answer(fd, work, err);
}

/* The directory alone, of which the gate said a moment ago what it would say now. */
static bool place_is_known(const struct work *work)
{
    const struct run_call *asked = &work->asked;
    return asked->directory && !asked->script_path && !asked->env_file &&
           places_has(&work->call->services->owner->places, asked->directory, now_ns());
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
        r = dotenv_parse(text, len, work->spec.variables, &variables, err);
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
static const char *parameter(const struct work *work, const struct resolved *answer)
{
    if (steps[work->step].asks == variables_ask)
        return "env_file";
    bool no_directory = work->asked.directory && answer && !answer->directory;
    return work->asked.script_path && !no_directory ? "script_path" : "directory";
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
        (void)fail_within(&err, "%s", parameter(work, answer));
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
        start(work);
        return;
    }
    struct error err = { 0 };
    const struct services *services = work->call->services;
    const struct gate_ask ask = { .owner = services->owner->name,
                                  .directory = directory,
                                  .path = path,
                                  .answer = on_answer,
                                  .context = work };
    if (gate_ask(services->gate, &ask, &work->ticket, &err) < 0) {
        (void)fail_within(&err, "%s", parameter(work, NULL));
        work_refuse(work, &err);
    }
}

/* --- the beginning --------------------------------------------------------------------- */

/* The text of a saved script, which from here on is like any other. */
static int take_saved(struct work *work, struct error *err)
{
    const struct library *library = &work->call->services->library;
    struct spec *spec = &work->spec;
    autofree char *name = NULL;
    int r = script_name_check(work->asked.script_name, &name, err);
    return r < 0 ? r : library_read(library, name, &spec->code, &spec->code_len, err);
}

/* One that cannot be read counts as none (trace.h). */
static void take_trace(const struct call *call, char ret[TRACEPARENT_MAX])
{
    struct json_object *text;
    ret[0] = '\0';
    if (json_object_object_get_ex(call->meta, "traceparent", &text) &&
        json_object_is_type(text, json_type_string))
        (void)traceparent_read(json_object_get_string(text),
                               (size_t)json_object_get_string_len(text), ret);
}

static void run_tool(struct call *call, struct json_object *arguments,
                     const struct field *const *fields)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->call = call;
    work->fields = fields;
    spec_init(&work->spec);
    call->work = work;
    call->cancel = on_cancel;
    take_trace(call, work->trace);
    struct error err = { 0 };
    if (run_call_decode(fields, arguments, &work->asked, &err) < 0) {
        work_refuse(work, &err);
        return;
    }
    run_call_spec(&work->asked, fields, &work->spec);
    if (work->asked.script_name && take_saved(work, &err) < 0) {
        (void)fail_within(&err, "script_name");
        work_refuse(work, &err);
        return;
    }
    if (!work->spec.policy)
        work->spec.policy = xstrdup(call->services->default_policy);
    if (place_is_known(work)) {
        work->spec.workspace = xstrdup(work->asked.directory);
        start(work);
        return;
    }
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

void tool_benchmark(struct call *call, struct json_object *arguments)
{
    run_tool(call, arguments, benchmark_fields);
}

void tool_run_saved(struct call *call, struct json_object *arguments)
{
    run_tool(call, arguments, run_saved_fields);
}
