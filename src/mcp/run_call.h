/* SPDX-License-Identifier: Apache-2.0 */
/* run_call.h - what a call of a run tool asked for: its parameters, decoded and checked. */
#pragma once

#include <cordon/spec.h>

#include "mcp/schema.h"

struct run_call {
    char *directory; /* NULL with the tool that has none */
    char *script_path, *script_content;
    char *script_name; /* of a saved one; then the two above are NULL */
    char **args;
    bool use_uv;
    char *python_version;
    char **dependencies;
    int64_t timeout_seconds;
    char **env_vars;
    char *env_file;
    double sample_interval; /* seconds; FIELD_NO_NUMBER with the tools that have none */
    int64_t runs, warmup;   /* of a benchmark */
    bool async_mode;
    char *job_label;
    bool auto_install_deps, auto_parse_imports, ignore_project_requirements;
    char *policy;
    int64_t memory_mb;
    double cpu_seconds;
    int64_t max_output_bytes;
    char *stdin_text;
};

extern const struct field *const run_in_dir_fields[];
extern const struct field *const run_with_dependencies_fields[];
extern const struct field *const run_saved_fields[];
extern const struct field *const benchmark_fields[];

/* The "3.12" of a schema is a wish, any other version is an order. */
#define PYTHON_VERSION_DEFAULT  "3.12"
#define TIMEOUT_SECONDS_DEFAULT 300

/* Arguments -> a complete and consistent call; see schema_decode(). */
int run_call_decode(const struct field *const *fields, struct json_object *arguments,
                    struct run_call *ret, struct error *err) must_check;
void run_call_done(const struct field *const *fields, struct run_call *call);

/* Moves everything into *spec (as spec_init() left it) that needs no look at
 * the host: paths and env_file stay in *call. */
void run_call_spec(struct run_call *call, const struct field *const *fields, struct spec *spec);
