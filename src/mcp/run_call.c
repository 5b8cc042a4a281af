/* SPDX-License-Identifier: Apache-2.0 */
/* run_call.c - the parameters of the run tools, and what they mean together. */
#include "mcp/run_call.h"

#include <errno.h>
#include <string.h>

#include "script/check.h"
#include "str.h"

#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value

#define BYTES_PER_MB  (1024UL * 1024)
#define MS_PER_S      1000
#define SECONDS_MAX   1000000000
#define MEMORY_MB_MAX (1LL << 30)
#define OUTPUT_MAX    (1LL << 50)
#define LABEL_MAX     1024

/* A reading takes some ten microseconds; one in an hour shows nothing. */
#define SAMPLE_LEAST_S 0.001
#define SAMPLE_MOST_S  3600.0

/* A reply has a row for each. */
#define BENCH_RUNS_MOST 100

/* Of text for standard input: as much as of a script. */
#define STDIN_BYTES_MAX SCRIPT_BYTES_MAX

/* One row is one parameter; PARAMETER_... fills the columns that repeat. */
#define PARAMETER(member, kind_, ...)                                                              \
    {                                                                                              \
        .name = #member, .kind = (kind_), .offset = offsetof(struct run_call, member), __VA_ARGS__ \
    }
#define OPTIONAL .flags = FIELD_NULLABLE, .fallback = "null"

static const struct field directory = PARAMETER(
    directory, FIELD_PATH, .flags = FIELD_REQUIRED,
    .help = "Directory of the host that the script sees at the same path and starts in; what it "
            "writes there stays. Must lie under a root of the server.");

static const struct field script_path_in_dir =
    PARAMETER(script_path, FIELD_PATH, OPTIONAL,
              .help = "Script file in the directory, relative to it or absolute. Give this or "
                      "script_content.");

static const struct field script_path_alone =
    PARAMETER(script_path, FIELD_PATH, OPTIONAL,
              .help = "Script file under a root of the server; a relative path is taken from the "
                      "first root. Only this file is seen inside. Give this or script_content.");

static const struct field script_content =
    PARAMETER(script_content, FIELD_TEXT, OPTIONAL, .most = SCRIPT_BYTES_MAX,
              .help = "Python source to run, at most 4 MiB. Give this or script_path.");

static const struct field script_name =
    PARAMETER(script_name, FIELD_TEXT, .flags = FIELD_REQUIRED,
              .help = "Name of a saved script; py_list_scripts has them. \".py\" may be left out.");

static const struct field args =
    PARAMETER(args, FIELD_LIST, OPTIONAL, .help = "Arguments of the script (sys.argv[1:]).");

static const struct field use_uv = PARAMETER(
    use_uv, FIELD_FLAG, .fallback = "true",
    .help = "Make the environment that the script's PEP 723 header asks for with uv; false: run "
            "the interpreter alone, without packages.");

static const struct field python_version_or_null =
    PARAMETER(python_version, FIELD_TEXT, OPTIONAL,
              .help = "Exactly this version, such as \"3.11\", or an error that lists those found. "
                      "null: the newest the header's requires-python allows.");

static const struct field python_version_preferred = PARAMETER(
    python_version, FIELD_TEXT, .flags = FIELD_NULL_TOO,
    .fallback = "\"" PYTHON_VERSION_DEFAULT "\"",
    .help = "\"3.12\" means 3.12 if this host has it, else the newest found; any other version is "
            "exact, or an error that lists those found.");

static const struct field dependencies = PARAMETER(
    dependencies, FIELD_LIST, OPTIONAL,
    .help = "Requirements to install (PEP 508, such as \"requests>=2\"), added to those of the "
            "script's PEP 723 header. Only wheels are installed.");

static const struct field timeout_seconds = PARAMETER(
    timeout_seconds, FIELD_INTEGER, .fallback = TEXT_OF(TIMEOUT_SECONDS_DEFAULT), .least = 0,
    .most = SECONDS_MAX,
    .help = "Wall-clock limit of the script alone, in seconds. 0: the policy's own limit. More "
            "than the policy's limit is refused.");

static const struct field sample_interval =
    PARAMETER(sample_interval, FIELD_NUMBER, .fallback = "0.05", .lowest = SAMPLE_LEAST_S,
              .highest = SAMPLE_MOST_S,
              .help = "Seconds between two readings of CPU time and memory, from 0.001 to 3600.");

static const struct field runs = PARAMETER(
    runs, FIELD_INTEGER, .fallback = "1", .least = 1, .most = BENCH_RUNS_MOST,
    .help = "How often it is measured, each time in a fresh box; the timeout is each run's. The "
            "statistics are of all runs; stdout and stderr are the first one's, and a run that "
            "fails is the last.");

static const struct field warmup =
    PARAMETER(warmup, FIELD_INTEGER, .fallback = "0", .least = 0, .most = BENCH_RUNS_MOST,
              .help = "Runs before those that are measured, which are not counted.");

static const struct field env_vars =
    PARAMETER(env_vars, FIELD_MAP, OPTIONAL,
              .help = "Environment variables of the script; they win over env_file.");

static const struct field env_file_in_dir =
    PARAMETER(env_file, FIELD_PATH, OPTIONAL,
              .help = "Environment file (dotenv syntax) in the directory.");

static const struct field env_file_alone =
    PARAMETER(env_file, FIELD_PATH, OPTIONAL,
              .help =
                  "Environment file (dotenv syntax) under a root of the server; a relative path is "
                  "taken from the first root.");

static const struct field async_mode =
    PARAMETER(async_mode, FIELD_FLAG, .fallback = "false",
              .help = "Answer at once with a job_id; py_job_status tells the rest. false: wait for "
                      "the end, but no longer than the server's time budget.");

static const struct field job_label =
    PARAMETER(job_label, FIELD_TEXT, OPTIONAL, .most = LABEL_MAX,
              .help = "A name for the job, shown by py_list_jobs and py_job_status.");

static const struct field auto_install_deps = PARAMETER(
    auto_install_deps, FIELD_FLAG, .fallback = "true",
    .help = "Install what the script imports, where it is a well-known project and neither "
            "the header nor the directory's project says what is needed. Other imports are left "
            "to fail.");

static const struct field auto_parse_imports =
    PARAMETER(auto_parse_imports, FIELD_FLAG, .fallback = "true",
              .help =
                  "Also install what the script imports, where it is a well-known project and the "
                  "script has no header that says what it needs. Other imports are left to fail.");

static const struct field ignore_project_requirements =
    PARAMETER(ignore_project_requirements, FIELD_FLAG, .fallback = "true",
              .help = "false: what the pyproject.toml beside script_path requires is there too.");

static const struct field policy = PARAMETER(
    policy, FIELD_TEXT, OPTIONAL,
    .help = "What the script may do: \"default\" or \"strict\", or another the operator offers.");

static const struct field memory_mb =
    PARAMETER(memory_mb, FIELD_INTEGER, OPTIONAL, .least = 1, .most = MEMORY_MB_MAX,
              .help = "Memory limit of all its processes together, in MiB; at most the policy's.");

static const struct field cpu_seconds =
    PARAMETER(cpu_seconds, FIELD_NUMBER, OPTIONAL,
              .help = "CPU time limit of all its processes together; at most the policy's.");

static const struct field max_output_bytes = PARAMETER(
    max_output_bytes, FIELD_INTEGER, OPTIONAL, .least = 1, .most = OUTPUT_MAX,
    .help = "How much of stdout and stderr together is kept, in bytes; at most the policy's.");

static const struct field stdin_text = {
    .name = "stdin",
    .kind = FIELD_TEXT,
    OPTIONAL,
    .most = STDIN_BYTES_MAX,
    .offset = offsetof(struct run_call, stdin_text),
    .help = "What the script reads from its standard input, at most 4 MiB; without it that is "
            "empty.",
};

const struct field *const run_in_dir_fields[] = {
    &directory,       &script_path_in_dir,
    &script_content,  &args,
    &use_uv,          &python_version_or_null,
    &timeout_seconds, &env_vars,
    &env_file_in_dir, &async_mode,
    &job_label,       &auto_install_deps,
    &policy,          &memory_mb,
    &cpu_seconds,     &max_output_bytes,
    &stdin_text,      NULL,
};

const struct field *const run_with_dependencies_fields[] = {
    &script_content,
    &script_path_alone,
    &python_version_preferred,
    &dependencies,
    &args,
    &timeout_seconds,
    &auto_parse_imports,
    &env_vars,
    &env_file_alone,
    &async_mode,
    &job_label,
    &ignore_project_requirements,
    &policy,
    &memory_mb,
    &cpu_seconds,
    &max_output_bytes,
    &stdin_text,
    NULL,
};

const struct field *const run_saved_fields[] = {
    &script_name,    &args,       &timeout_seconds, &env_vars,
    &env_file_alone, &async_mode, &job_label,       &auto_install_deps,
    &policy,         &memory_mb,  &cpu_seconds,     &max_output_bytes,
    &stdin_text,     NULL,
};

const struct field *const benchmark_fields[] = {
    &script_content,
    &script_path_alone,
    &python_version_preferred,
    &dependencies,
    &args,
    &timeout_seconds,
    &sample_interval,
    &runs,
    &warmup,
    &env_vars,
    &env_file_alone,
    &async_mode,
    &job_label,
    &policy,
    &memory_mb,
    &cpu_seconds,
    &max_output_bytes,
    &stdin_text,
    NULL,
};

/* --- what they mean together --------------------------------------------------- */

static bool has_field(const struct field *const *fields, const struct field *wanted)
{
    while (*fields && *fields != wanted)
        fields++;
    return *fields;
}

static int check_words(const struct run_call *call, struct error *err)
{
    if (call->policy && policy_name_check(call->policy, err) < 0)
        return fail_within(err, "policy");
    if (call->python_version && python_version_check(call->python_version, err) < 0)
        return fail_within(err, "python_version");
    for (char **text = call->dependencies; text && *text; text++)
        if (requirement_check(*text, err) < 0)
            return fail_within(err, "dependencies");
    for (char **pair = call->env_vars; pair && *pair; pair++)
        if (variable_check(*pair, err) < 0)
            return fail_within(err, "env_vars");
    return 0;
}

int run_call_decode(const struct field *const *fields, struct json_object *arguments,
                    struct run_call *ret, struct error *err)
{
    *ret = (struct run_call){ .use_uv = true };
    int r = schema_decode(fields, arguments, ret, err);
    if (r < 0)
        return r;
    if (!ret->script_name && !ret->script_content == !ret->script_path)
        return fail_caller(err, EINVAL,
                           "exactly one of script_content and script_path is allowed, and %s given",
                           ret->script_path ? "both are" : "neither is");
    return check_words(ret, err);
}

void run_call_done(const struct field *const *fields, struct run_call *call)
{
    schema_done(fields, call);
}

/* "3.12" is a wish where the schema offers it as its default; where the default
 * is null, it was asked for. */
static enum python_wish wish_of(const char *version, const struct field *const *fields)
{
    if (!version)
        return PYTHON_NEWEST;
    bool preferred = has_field(fields, &python_version_preferred) &&
                     strcmp(version, PYTHON_VERSION_DEFAULT) == 0;
    return preferred ? PYTHON_PREFER : PYTHON_EXACT;
}

static struct limits asked_of(const struct run_call *call)
{
    struct limits asked = limits_no_opinion();
    if (call->timeout_seconds > 0)
        asked.wall_ms = (uint64_t)call->timeout_seconds * MS_PER_S;
    if (call->cpu_seconds > 0)
        asked.cpu_ms = (uint64_t)(call->cpu_seconds * MS_PER_S);
    if (asked.cpu_ms == 0) /* less than we can count */
        asked.cpu_ms = 1;
    if (call->memory_mb > 0)
        asked.memory_bytes = (uint64_t)call->memory_mb * BYTES_PER_MB;
    if (call->max_output_bytes > 0)
        asked.output_bytes = (uint64_t)call->max_output_bytes;
    return asked;
}

void run_call_spec(struct run_call *call, const struct field *const *fields, struct spec *spec)
{
    spec->policy = TAKE(&call->policy);
    spec->wish = wish_of(call->python_version, fields);
    spec->python = TAKE(&call->python_version);
    spec->use_uv = call->use_uv;
    spec->requirements = TAKE(&call->dependencies);
    /* A tool has one of the two, or none. */
    spec->infer = call->auto_install_deps || call->auto_parse_imports;
    spec->project = has_field(fields, &ignore_project_requirements)
                        ? !call->ignore_project_requirements
                        : call->directory != NULL;
    spec->arguments = TAKE(&call->args);
    spec->variables = TAKE(&call->env_vars);
    spec->asked = asked_of(call);
    spec->wall_lower = call->timeout_seconds == TIMEOUT_SECONDS_DEFAULT;
    if (has_field(fields, &sample_interval))
        spec->sample_ms = (uint32_t)(call->sample_interval * MS_PER_S + 0.5);
    if (call->script_content) {
        spec->code_len = strlen(call->script_content);
        spec->code = TAKE(&call->script_content);
    }
}
