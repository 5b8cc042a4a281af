/* SPDX-License-Identifier: Apache-2.0 */
/* product.c - what `cordon serve` offers. */
#include "mcp/product.h"

#include "mcp/resources.h"
#include "mcp/run_call.h"
#include "mcp/tool_jobs.h"
#include "mcp/tool_run.h"
#include "mcp/tool_scripts.h"
#include "mcp/tools.h"
#include "str.h"

static const char instructions[] =
    "Runs Python in a sandbox without network. py_run_script_in_dir gives the script a directory "
    "of the host to work in; py_run_script_with_dependencies gives it packages and a scratch "
    "directory. A run that takes long answers with a job_id and goes on: py_job_status shows what "
    "is new of it, job-stream://JOB_ID its output.";

/* Nothing of it changes while a server runs; an hour is when a client looks whether it is
 * another server by now. */
#define TTL_MS (3600UL * 1000)

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

const struct offer product_offer = {
    .name = "cordon",
    .title = "cordon: Python in a sandbox",
    .version = CORDON_VERSION,
    .instructions = instructions,
    .tools = tools,
    .tool_count = COUNT(tools),
    .resources = resources_list,
    .templates = resource_templates_list,
    .read = resource_read,
    .ttl_ms = TTL_MS,
    .busy = call_refuse,
};
