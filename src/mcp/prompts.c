/* SPDX-License-Identifier: Apache-2.0 */
/* prompts.c - what a person may ask of a model with these tools. */
#include "mcp/prompts.h"

#include <string.h>

#include "job/record.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/icons.h"
#include "mcp/job_view.h"
#include "mcp/rpc.h"
#include "mcp/services.h"
#include "mcp/tools.h"
#include "run/result.h"
#include "str.h"

/* --- texts: paragraphs, in which {name} is an argument -------------------------------------- */

struct paragraph {
    const char *needs; /* left out where this argument was not given; NULL: always there */
    const char *text;
};

/* Nothing that was filled in ends it: it would have to guess the length of the fence. */
#define FENCE "~~~~~~~~"

static const struct paragraph fix_script[] = {
    { NULL, "Make this Python script work, by running it in cordon's sandbox until it does." },
    { "script", FENCE "python\n{script}\n" FENCE },
    { "script_path", "It is the file {script_path}." },
    { "directory", "It works on files of the directory {directory}: run it with "
                   "py_run_script_in_dir and that directory." },
    { "goal", "It is right when: {goal}" },
    { NULL,
      "1. Run it as it is, with py_run_script_in_dir where it needs files of a directory and else "
      "with py_run_script_with_dependencies.\n"
      "2. Read exit_code, stderr, end and denied. A missing module is a matter of dependencies; "
      "something in denied is the sandbox's refusal and not the script's mistake: say so instead "
      "of working around it. An end of wall, cpu or memory is a limit.\n"
      "3. Change as little as possible, run it again, and go on until it ends with 0 and does what "
      "is wanted; after five attempts stop and tell what is in the way.\n"
      "4. Show the final script, what was wrong, and the output of the last run." },
    { NULL, NULL },
};

static const struct paragraph compare[] = {
    { NULL,
      "Compare two Python implementations: are their results the same, and which is better?" },
    { NULL, "The first:\n" FENCE "python\n{first}\n" FENCE },
    { NULL, "The second:\n" FENCE "python\n{second}\n" FENCE },
    { "input", "They are to be compared on: {input}" },
    { NULL,
      "1. Run both with py_run_script_with_dependencies on the same input, small and fixed, and "
      "compare what they print. Where they differ, show the smallest input that shows it, and "
      "stop.\n"
      "2. Measure both with py_benchmark_script, the same input, large enough that a run takes "
      "about a second, runs 10 and warmup 1.\n"
      "3. Put wall time, CPU time and peak memory into one table, with the medians and how far the "
      "runs lie apart. Call a difference one only where it is clearly larger than that.\n"
      "4. Say which one to take, and when the other." },
    { NULL, NULL },
};

static const struct paragraph write_script[] = {
    { NULL, "Write a Python script, run it in cordon's sandbox, and show what came of it." },
    { NULL, "It is to do this: {task}" },
    { "directory", "It works on files of the directory {directory} (py_run_script_in_dir)." },
    { "policy", "Run it under the policy {policy}; cordon://policies/{policy} says what that "
                "permits." },
    { NULL, "It has no network unless its policy names hosts. Try it on something small first, "
            "check the result by a second way where there is one, and keep it with py_save_script "
            "if it is worth running again." },
    { NULL, NULL },
};

static const struct paragraph explain_job[] = {
    { NULL, "Explain what happened in cordon's job {job_id}: its record and its output follow." },
    { NULL,
      "Say in a few sentences what it was to do, how it ended and why (end, exit_code, error, "
      "the last lines of stderr, denied, usage against limits). If it failed, name the most "
      "likely cause and the next step; if it still runs, say how far it is." },
    { NULL, NULL },
};

static const struct paragraph use_saved[] = {
    { NULL, "The saved script {script_name} follows. Say what it does and which arguments and "
            "packages it takes, then run it with py_run_saved_script." },
    { "args", "Run it with these arguments: {args}" },
    { NULL, "If it fails, find out why before you run it again; do not overwrite the saved script "
            "without being asked to." },
    { NULL, NULL },
};

/* --- filling in ------------------------------------------------------------------------------- */

/* NULL: not given, or nothing in it. */
static const char *argument(struct json_object *arguments, const char *name)
{
    struct json_object *value;
    const char *text = NULL;
    if (json_object_object_get_ex(arguments, name, &value))
        text = json_object_get_string(value);
    return text && *text ? text : NULL;
}

static void fill(const char *text, struct json_object *arguments, struct str *out)
{
    for (const char *open; (open = strchr(text, '{')); text = strchr(open, '}') + 1) {
        autofree char *name = xstrndup(open + 1, strcspn(open + 1, "}"));
        const char *value = argument(arguments, name);
        str_add(out, text, (size_t)(open - text));
        str_puts(out, value ? value : "");
    }
    str_puts(out, text);
}

static struct json_object *message(const char *type)
{
    struct json_object *content = json_object_new_object(), *row = json_object_new_object();
    json_object_object_add(content, "type", json_object_new_string(type));
    json_object_object_add(row, "role", json_object_new_string("user"));
    json_object_object_add(row, "content", content);
    return row;
}

static struct json_object *content_of(struct json_object *row)
{
    struct json_object *content = NULL;
    (void)json_object_object_get_ex(row, "content", &content);
    return content;
}

/* A list of messages with the text in it; the caller's. */
static struct json_object *messages(const struct paragraph *rows, struct json_object *arguments)
{
    autostr struct str text = { 0 };
    for (; rows->text; rows++) {
        if (rows->needs && !argument(arguments, rows->needs))
            continue;
        if (text.len > 0)
            str_puts(&text, "\n\n");
        fill(rows->text, arguments, &text);
    }
    struct json_object *list = json_object_new_array(), *row = message("text");
    json_object_object_add(content_of(row), "text", rpc_text(text.data));
    json_object_array_add(list, row);
    return list;
}

/* What is asked about, as a resource within the messages. */
static void attach(struct json_object *list, const char *uri, const char *type, const char *text)
{
    struct json_object *row = message("resource"), *resource = json_object_new_object();
    json_object_object_add(resource, "uri", rpc_text(uri));
    json_object_object_add(resource, "mimeType", json_object_new_string(type));
    json_object_object_add(resource, "text", rpc_text(text));
    json_object_object_add(content_of(row), "resource", resource);
    json_object_array_add(list, row);
}

/* Takes the list. */
static void answer(struct call *call, struct json_object *list)
{
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "messages", list);
    call_answer(call, result);
}

/* --- the prompts ------------------------------------------------------------------------------ */

static void get_fix(struct call *call, struct json_object *arguments)
{
    if (!argument(arguments, "script") == !argument(arguments, "script_path"))
        call_error(call, RPC_INVALID_PARAMS, "give script or script_path, one of the two");
    else
        answer(call, messages(fix_script, arguments));
}

static void get_compare(struct call *call, struct json_object *arguments)
{
    answer(call, messages(compare, arguments));
}

static void get_write(struct call *call, struct json_object *arguments)
{
    answer(call, messages(write_script, arguments));
}

static void get_job(struct call *call, struct json_object *arguments)
{
    const char *id = argument(arguments, "job_id");
    struct record record;
    struct error err = { 0 };
    autofree char *streams = NULL;
    int r = job_view_find(call->services, id ? id : "", &record, &err);
    if (r == 0) {
        r = job_view_streams(call->services, &record, &streams, &err);
        if (r < 0)
            record_done(&record);
    }
    if (r < 0) {
        call_error(call, (int)blame_code(err.blame), err.text);
        return;
    }
    size_t len;
    struct json_object *list = messages(explain_job, arguments);
    autojson struct json_object *object = json_object_new_object();
    autofree char *job = xasprintf("cordon://jobs/%s", record.id);
    autofree char *stream = xasprintf("job-stream://%s", record.id);
    json_object_object_add(object, "job", record_json(&record));
    attach(list, job, "application/json", result_text(object, &len));
    attach(list, stream, "text/plain", streams);
    record_done(&record);
    answer(call, list);
}

static void get_saved(struct call *call, struct json_object *arguments)
{
    const char *asked = argument(arguments, "script_name");
    struct error err = { 0 };
    autofree char *name = NULL, *text = NULL;
    size_t len;
    int r = script_name_check(asked ? asked : "", &name, &err);
    if (r == 0)
        r = library_read(&call->services->library, name, &text, &len, &err);
    if (r < 0) {
        call_error(call, (int)blame_code(err.blame), err.text);
        return;
    }
    struct json_object *list = messages(use_saved, arguments);
    autofree char *uri = xasprintf("cordon://scripts/%s", name);
    attach(list, uri, "text/x-python", text);
    answer(call, list);
}

/* --- the table -------------------------------------------------------------------------------- */

#define IN_DIRECTORY                                                 \
    {                                                                \
        "directory", "Directory of the host that it works in", false \
    }

static const struct prompt_argument fix_arguments[] = {
    { "script", "The script's source; or give script_path", false },
    { "script_path", "Its file instead", false },
    IN_DIRECTORY,
    { "goal", "How to see that it works", false },
    { 0 },
};
static const struct prompt_argument compare_arguments[] = {
    { "first", "Source of the one", true },
    { "second", "Source of the other", true },
    { "input", "What to compare them on", false },
    { 0 },
};
static const struct prompt_argument write_arguments[] = {
    { "task", "What the script is to do", true },
    IN_DIRECTORY,
    { "policy", "The policy to run it under", false },
    { 0 },
};
static const struct prompt_argument job_arguments[] = {
    { "job_id", "The job", true },
    { 0 },
};
static const struct prompt_argument saved_arguments[] = {
    { "script_name", "Name of the saved script", true },
    { "args", "Arguments for it", false },
    { 0 },
};

const struct prompt product_prompts[PRODUCT_PROMPTS] = {
    { "fix_script", "Run a script and fix it",
      "Run a failing script, find out why, and make it work.", fix_arguments, ICON_RUN, get_fix },
    { "compare_implementations", "Compare two implementations",
      "Check that two implementations agree, and measure which is better.", compare_arguments,
      ICON_MEASURE, get_compare },
    { PROMPT_POLICY, "Write a script and run it",
      "Write a script for a task, try it in the sandbox, and show the result.", write_arguments,
      ICON_SCRIPT, get_write },
    { PROMPT_JOB, "Explain a job", "What a job did, how it ended, and what to do about it.",
      job_arguments, ICON_JOB, get_job },
    { PROMPT_SAVED, "Use a saved script", "Explain a saved script and run it.", saved_arguments,
      ICON_SCRIPT, get_saved },
};
