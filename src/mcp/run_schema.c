/* SPDX-License-Identifier: Apache-2.0 */
/* run_schema.c - the outputSchema of the run tools: the shape of the result object
 * (run/result.h), of which only `status` is always there. */
#include "mcp/tool_run.h"

#define TEXT_OR_NULL "{\"type\":[\"string\",\"null\"]}"
#define TEXTS        "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define NUMBER       "{\"type\":\"number\"}"
#define COUNT_OF     "{\"type\":\"integer\",\"minimum\":0}"

/* clang-format off */
const char run_output_schema[] =
    "{\"type\":\"object\",\"required\":[\"status\"],\"properties\":{"
    "\"status\":{\"enum\":[\"pending\",\"running\",\"completed\",\"failed\",\"cancelled\"],"
        "\"description\":\"completed: the script ended by itself, whatever its exit_code\"},"
    "\"stdout\":{\"type\":\"string\"},"
    "\"stderr\":{\"type\":\"string\"},"
    "\"exit_code\":{\"type\":\"integer\",\"description\":\"the script's own, or what ended it: 124 "
        "time, output or disk limit, 137 memory, 130 cancelled, 126 refused, 125 fault\"},"
    "\"execution_strategy\":{\"enum\":[\"uv-run\",\"system-python\"]},"
    "\"elapsed_seconds\":" NUMBER ","
    "\"end\":{\"enum\":[\"exited\",\"signalled\",\"wall\",\"cpu\",\"memory\",\"output\",\"disk\","
        "\"cancelled\",\"refused\",\"fault\"],\"description\":\"what stopped the script\"},"
    "\"signal\":" TEXT_OR_NULL ","
    "\"reached\":" TEXTS ","
    "\"error\":{\"type\":[\"string\",\"null\"],\"description\":\"one sentence, or null\"},"
    "\"usage\":{\"type\":\"object\",\"properties\":{"
        "\"wall_seconds\":" NUMBER ",\"cpu_user_seconds\":" NUMBER ","
        "\"cpu_system_seconds\":" NUMBER ","
        "\"peak_memory_mb\":" NUMBER ",\"processes_peak\":" COUNT_OF ","
        "\"source\":{\"enum\":[\"cgroup\",\"mixed\",\"sampled\"]}}},"
    "\"limits\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"number\",\"null\"]}},"
    "\"output\":{\"type\":\"object\",\"properties\":{"
        "\"stdout_bytes\":" COUNT_OF ",\"stderr_bytes\":" COUNT_OF ","
        "\"truncated\":{\"type\":\"boolean\"}}},"
    "\"environment\":{\"type\":\"object\",\"properties\":{"
        "\"key\":" TEXT_OR_NULL ",\"cached\":{\"type\":\"boolean\"}}},"
    "\"policy\":" TEXT_OR_NULL ","
    "\"layers\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"denied\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
    "\"job_id\":" TEXT_OR_NULL ","
    "\"resolved_dependencies\":" TEXTS ","
    "\"installed\":" TEXTS ","
    "\"python_version_used\":{\"type\":\"string\"}}}";
/* clang-format on */
