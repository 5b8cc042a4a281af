/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - what a caller asked for, already validated, not yet permitted.
 *
 * The same struct comes out of an MCP call and of a command line; script/launch.c
 * turns it into a launch. Every pointer in it is owned by it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>
#include <cordon/launch.h>
#include <cordon/limits.h>

struct spec {
    char *policy;      /* a name, or NULL for the default one */
    char *policy_file; /* only from the command line */
    char *code;        /* the script's bytes, or NULL when a command is run */
    size_t code_len;
    char *script_path; /* absolute path the code was read from; NULL: inline */
    bool in_place;     /* script_path lies in the workspace and runs there */
    char *workspace;   /* absolute host directory, or NULL for a scratch one */
    enum python_wish wish;
    char *python;
    bool use_uv, offline, refresh;
    char **requirements;
    bool infer;       /* packages of imported modules may be added, as the policy says */
    bool project;     /* the workspace's own requirements count */
    char **arguments; /* after the script; or the whole command */
    char **variables; /* "NAME=value", later entries win */
    char **hosts;
    struct extra_mount *extra;
    size_t extra_count;
    struct limits asked;
    bool wall_lower;    /* asked.wall_ms is only a default (launch.h) */
    uint32_t sample_ms; /* how often what it uses is told; 0: never */
};

void spec_init(struct spec *spec); /* no opinion on anything; use_uv true */
void spec_done(struct spec *spec); /* frees what it points to, leaves it as spec_init() */

/* spec -> launch: takes what it can from *spec (left as spec_init()), detects
 * the PEP 723 block, seals the code into a memfd, makes a job id. The
 * descriptors for input, output, control and notes are the runner's to add. */
int launch_from_spec(struct spec *spec, struct launch *ret, struct error *err) must_check;

/* The same order once more, with an id of its own: of the descriptors it has the script's. The
 * caller ends *ret with launch_done() either way. */
int launch_again(const struct launch *launch, struct launch *ret, struct error *err) must_check;
