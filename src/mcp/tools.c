/* SPDX-License-Identifier: Apache-2.0 */
/* tools.c - the tools there are, and how a result is wrapped. */
#include "mcp/tools.h"

#include <string.h>

#include "mcp/rpc.h"
#include "mcp/run_call.h"
#include "mcp/tool_jobs.h"
#include "mcp/tool_run.h"
#include "mcp/tool_scripts.h"
#include "run/result.h"
#include "str.h"

static const struct tool tools[] = {
    {
        .name = "py_run_script_in_dir",
        .title = "Run Python in a directory",
        .description =
            "Run a Python script in a sandbox that sees one directory of the host, at its own path "
            "and writable. Use it when the script works with files there. No network, no other "
            "files. Answers with its stdout, stderr and exit_code, or with a job_id where it takes "
            "long (py_job_status). "
            "Packages come from the script's PEP 723 header.",
        .destructive = true,
        .fields = run_in_dir_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_in_dir,
    },
    {
        .name = "py_run_script_with_dependencies",
        .title = "Run Python with packages",
        .description =
            "Run a Python script in a sandbox with the packages it names, in an empty scratch "
            "directory that is gone afterwards. Use it for computations that need no files of the "
            "host. Packages are installed first; the script itself has no network. Answers with "
            "its stdout, stderr and exit_code, or with a job_id where it takes long "
            "(py_job_status).",
        .fields = run_with_dependencies_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_with_dependencies,
    },
    {
        .name = "py_benchmark_script",
        .title = "Measure Python",
        .description =
            "Run a Python script like py_run_script_with_dependencies and measure it: wall and CPU "
            "time, peak memory, and readings of both while it runs, also as a picture; once, or "
            "several times with their statistics (runs). The times are the script's alone, without "
            "the making of its environment.",
        .fields = benchmark_fields,
        .output_schema = run_output_schema,
        .handle = tool_benchmark,
    },
    {
        .name = "py_save_script",
        .title = "Save a script",
        .description =
            "Keep a Python script under a name, as a single file with its requirements in a PEP "
            "723 header, to run it again with py_run_saved_script.",
        .destructive = true,
        .fields = save_script_fields,
        .output_schema = save_script_schema,
        .handle = tool_save_script,
    },
    {
        .name = "py_list_scripts",
        .title = "List saved scripts",
        .description = "The saved scripts: name, file, what each says of itself (its docstring), "
                       "and its PEP 723 header.",
        .read_only = true,
        .fields = list_scripts_fields,
        .output_schema = list_scripts_schema,
        .handle = tool_list_scripts,
    },
    {
        .name = "py_run_saved_script",
        .title = "Run a saved script",
        .description =
            "Run a script that was saved with py_save_script, in a sandbox with the packages its "
            "PEP 723 header names and an empty scratch directory that is gone afterwards.",
        .fields = run_saved_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_saved,
    },
    {
        .name = "py_job_status",
        .title = "State and output of a job",
        .description = "The state of a job, its result once it has ended, and its output: "
                       "new_stdout and new_stderr are what came since the last call.",
        .read_only = true,
        .fields = job_status_fields,
        .output_schema = job_status_schema,
        .handle = tool_job_status,
    },
    {
        .name = "py_list_jobs",
        .title = "List jobs",
        .description =
            "Jobs that run and jobs that have ended, newest first, without their output.",
        .read_only = true,
        .idempotent = true,
        .fields = list_jobs_fields,
        .output_schema = list_jobs_schema,
        .handle = tool_list_jobs,
    },
    {
        .name = "py_cancel_job",
        .title = "Cancel a job",
        .description = "End a job with everything it has started. Answers once nothing of it is "
                       "alive; its output so far stays. A job that has ended stays as it is.",
        .destructive = true,
        .idempotent = true,
        .fields = cancel_job_fields,
        .output_schema = cancel_job_schema,
        .handle = tool_cancel_job,
    },
    {
        .name = "py_prune_jobs",
        .title = "Remove old jobs",
        .description = "Remove jobs that ended more than max_age_hours ago, with their output: the "
                       "cancelled ones, and the completed and failed ones unless they are kept.",
        .destructive = true,
        .idempotent = true,
        .fields = prune_jobs_fields,
        .output_schema = prune_jobs_schema,
        .handle = tool_prune_jobs,
    },
};

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; i < COUNT(tools); i++)
        if (strcmp(tools[i].name, name) == 0)
            return &tools[i];
    return NULL;
}

static struct json_object *annotations_of(const struct tool *tool)
{
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "readOnlyHint", json_object_new_boolean(tool->read_only));
    json_object_object_add(object, "destructiveHint", json_object_new_boolean(tool->destructive));
    json_object_object_add(object, "idempotentHint", json_object_new_boolean(tool->idempotent));
    json_object_object_add(object, "openWorldHint", json_object_new_boolean(0));
    return object;
}

struct json_object *tools_list(void)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < COUNT(tools); i++) {
        const struct tool *tool = &tools[i];
        struct json_object *object = json_object_new_object();
        json_object_object_add(object, "name", json_object_new_string(tool->name));
        json_object_object_add(object, "title", json_object_new_string(tool->title));
        json_object_object_add(object, "description", json_object_new_string(tool->description));
        json_object_object_add(object, "inputSchema", schema_print(tool->fields));
        json_object_object_add(object, "outputSchema", json_tokener_parse(tool->output_schema));
        json_object_object_add(object, "annotations", annotations_of(tool));
        json_object_array_add(list, object);
    }
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "tools", list);
    return result;
}

struct json_object *tool_result(struct json_object *object, bool is_error)
{
    size_t len;
    const char *text = result_text(object, &len);
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", json_object_new_string_len(text, (int)len));
    struct json_object *content = json_object_new_array();
    json_object_array_add(content, block);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    json_object_object_add(result, "structuredContent", object);
    json_object_object_add(result, "isError", json_object_new_boolean(is_error));
    return result;
}

struct json_object *tool_error(const struct error *error)
{
    struct json_object *block = json_object_new_object();
    json_object_object_add(block, "type", json_object_new_string("text"));
    json_object_object_add(block, "text", rpc_text(error->text));
    struct json_object *content = json_object_new_array();
    json_object_array_add(content, block);
    struct json_object *result = json_object_new_object();
    json_object_object_add(result, "content", content);
    json_object_object_add(result, "isError", json_object_new_boolean(1));
    return result;
}
