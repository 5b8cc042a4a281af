/* SPDX-License-Identifier: Apache-2.0 */
/* product.c - what `cordon serve` offers. */
#include "mcp/product.h"

#include "mcp/completing.h"
#include "mcp/icons.h"
#include "mcp/job_task.h"
#include "mcp/prompts.h"
#include "mcp/resources.h"
#include "mcp/run_call.h"
#include "mcp/run_page.h"
#include "mcp/task.h"
#include "mcp/tool_jobs.h"
#include "mcp/tool_run.h"
#include "mcp/tool_scripts.h"
#include "mcp/tools.h"
#include "str.h"

static const char instructions[] =
    "Runs Python in a sandbox: no network, no files but those a call names, bounded time, memory "
    "and output. To work on files of a directory: py_run_script_in_dir. For packages, or to "
    "compute "
    "something: py_run_script_with_dependencies. For figures: py_benchmark_script. To keep a "
    "script "
    "and run it again: py_save_script, py_run_saved_script. "
    "A script that fails is a result and no error: look at exit_code, stderr, end (what stopped "
    "it) "
    "and denied (what the sandbox refused). A run that takes longer than the server waits answers "
    "with a job_id and goes on: py_job_status tells its state and what is new of its output, "
    "job-stream://JOB_ID has all of it, py_cancel_job ends it.";

/* Nothing of it changes while a server runs; an hour is when a client looks whether it is
 * another server by now. */
#define TTL_MS (3600UL * 1000)

/* Of the extensions, and where clients that show pages find the one for a run. The second
 * member is what the first one was called before. */
#define EXTENSIONS "{\"" EXTENSION_TASKS "\":{},\"io.modelcontextprotocol/ui\":{}}"
#define SHOWN_LIVE                                    \
    "{\"ui\":{\"resourceUri\":\"" RUN_PAGE_URI "\"}," \
    "\"ui/resourceUri\":\"" RUN_PAGE_URI "\"}"

#define ANSWERS_WITH                                                                         \
    "Returns stdout, stderr, exit_code and what was used; a run that takes longer than the " \
    "server waits returns a job_id instead (py_job_status)."

static const struct tool tools[] = {
    {
        .name = "py_run_script_in_dir",
        .title = "Run Python in a directory",
        .description =
            "Run Python that reads or writes files of one directory of the host: the script sees "
            "that directory at its own path, writable, and no other files; no network. Packages "
            "come from the script's PEP 723 header, the directory's project or well-known "
            "imports. " ANSWERS_WITH,
        .icons = ICON_RUN,
        .meta = SHOWN_LIVE,
        .destructive = true,
        .fields = run_in_dir_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_in_dir,
    },
    {
        .name = "py_run_script_with_dependencies",
        .title = "Run Python with packages",
        .description =
            "Run Python that needs packages, or no files of the host: to compute, parse, convert, "
            "check an idea. Packages are installed first; then the script runs without network in "
            "an empty scratch directory that is gone afterwards. " ANSWERS_WITH,
        .icons = ICON_RUN,
        .meta = SHOWN_LIVE,
        .fields = run_with_dependencies_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_with_dependencies,
    },
    {
        .name = "py_benchmark_script",
        .title = "Measure Python",
        .description =
            "Measure Python, where time or memory is the question: wall and CPU time, peak memory, "
            "both over time and as a chart, and statistics of several runs (runs). The times are "
            "the script's alone. It runs as under py_run_script_with_dependencies; of one in the "
            "background the chart is cordon://jobs/{job_id}/chart.",
        .icons = ICON_MEASURE,
        .meta = SHOWN_LIVE,
        .fields = benchmark_fields,
        .output_schema = run_output_schema,
        .handle = tool_benchmark,
    },
    {
        .name = "py_save_script",
        .title = "Save a script",
        .description =
            "Keep a Python script under a name, its requirements in a PEP 723 header, to run it "
            "later with py_run_saved_script. An existing name is left alone unless overwrite.",
        .icons = ICON_SCRIPT,
        .destructive = true,
        .fields = save_script_fields,
        .output_schema = save_script_schema,
        .handle = tool_save_script,
    },
    {
        .name = "py_list_scripts",
        .title = "List saved scripts",
        .description = "The saved scripts: name, file, docstring and PEP 723 header of each.",
        .icons = ICON_SCRIPT,
        .read_only = true,
        .idempotent = true,
        .fields = list_scripts_fields,
        .output_schema = list_scripts_schema,
        .handle = tool_list_scripts,
    },
    {
        .name = "py_run_saved_script",
        .title = "Run a saved script",
        .description =
            "Run a script that py_save_script keeps, by its name, with the packages of its header, "
            "without network, in an empty scratch directory. " ANSWERS_WITH,
        .icons = ICON_RUN,
        .meta = SHOWN_LIVE,
        .fields = run_saved_fields,
        .output_schema = run_output_schema,
        .handle = tool_run_saved,
    },
    {
        .name = "py_job_status",
        .title = "State and output of a job",
        .description = "One job: its status, its result once it has ended, and what is new of its "
                       "output since the last call (new_stdout, new_stderr).",
        .icons = ICON_JOB,
        .read_only = true,
        .fields = job_status_fields,
        .output_schema = job_status_schema,
        .handle = tool_job_status,
    },
    {
        .name = "py_list_jobs",
        .title = "List jobs",
        .description = "All jobs, running and ended, newest first, without output and results: to "
                       "find a job_id.",
        .icons = ICON_JOB,
        .read_only = true,
        .idempotent = true,
        .fields = list_jobs_fields,
        .output_schema = list_jobs_schema,
        .handle = tool_list_jobs,
    },
    {
        .name = "py_cancel_job",
        .title = "Cancel a job",
        .description = "End a running job and everything it has started; answers once nothing of "
                       "it is alive. Its output so far stays. One that has ended stays as it is.",
        .icons = ICON_JOB,
        .destructive = true,
        .idempotent = true,
        .fields = cancel_job_fields,
        .output_schema = cancel_job_schema,
        .handle = tool_cancel_job,
    },
    {
        .name = "py_prune_jobs",
        .title = "Remove old jobs",
        .description =
            "Remove the records and output of jobs that ended more than max_age_hours ago: the "
            "cancelled ones, and those completed or failed that are not to be kept.",
        .icons = ICON_JOB,
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
    .description = "Runs Python scripts in a box that sees nothing but what it was given.",
    .icons = ICON_BOX,
    .instructions = instructions,
    .extensions = EXTENSIONS,
    .tools = tools,
    .tool_count = COUNT(tools),
    .prompts = product_prompts,
    .prompt_count = PRODUCT_PROMPTS,
    .resources = resources_list,
    .templates = resource_templates_list,
    .read = resource_read,
    .complete = product_complete,
    .tasks = &product_tasks,
    .changes = CHANGE_RESOURCE | CHANGE_TASK, /* job_news.h */
    .ttl_ms = TTL_MS,
    .busy = call_refuse,
};
