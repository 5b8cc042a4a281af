/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h - a complete order to run one script or command under one policy.
 *
 * This is the one message that crosses from the side that reads strangers'
 * bytes to the side that holds privileges. It is a flat frame with lengths,
 * never JSON, and launch_decode() treats it as hostile.
 *
 * One launch is one job: the supervisor that takes it finds the interpreter,
 * makes the environment where one is asked for, and runs the payload. What it
 * has to say comes back over FD_NOTES (note.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/limits.h>
#include <cordon/trace.h>

/* One datagram of a seqpacket socket; a request that needs more is refused by
 * name. Well under the default socket buffer. */
#define LAUNCH_FRAME_MAX ((size_t)64 * 1024)
#define SCRIPT_BYTES_MAX ((size_t)4 * 1024 * 1024)

#define JOB_ID_MAX      37 /* a UUID and its NUL */
#define OWNER_MAX       64
#define TOOL_MAX        40
#define OWNER_LOCAL     "local" /* who stands at the keyboard, or started the server */
#define POLICY_NAME_MAX 32

/* The descriptors that travel beside a launch frame. A gate accepts pipes, and
 * a sealed memfd for the script, and nothing else.
 *   STDIN   read end; absent means /dev/null
 *   STDOUT  write end        STDERR  write end
 *   CONTROL read end: its closed end is the cancel; a byte before that says
 *           why (enum control)
 *   NOTES   write end
 *   SCRIPT  sealed memfd with the code; absent when a command is run or the
 *           script lies in the workspace
 *   PROFILE write end: where the script's time goes is told there (profile_program.h);
 *           only `cordon-sandbox run` accepts it */
enum launch_fd {
    FD_STDIN,
    FD_STDOUT,
    FD_STDERR,
    FD_CONTROL,
    FD_NOTES,
    FD_SCRIPT,
    FD_PROFILE,
    FD_COUNT,
};

/* Bytes on the control pipe. */
enum control {
    CONTROL_OUTPUT = 'o', /* the output limit is reached and the policy says that ends the run */
    CONTROL_KILL = 'k',   /* cancel without grace */
    CONTROL_SIGNAL = 's', /* followed by one byte, the signal number, to forward to the payload */
    CONTROL_SCREEN = 'w', /* followed by a struct screen: the size of its terminal from now on */
    CONTROL_USAGE = 'u',  /* once it has STARTED: tell one SAMPLE now, if that is not too soon */
};

/* The size of a terminal, in characters. */
struct screen {
    uint16_t rows, columns;
};

enum launch_what {
    LAUNCH_SCRIPT,
    LAUNCH_COMMAND,
    LAUNCH_CHART, /* cordon's own cordon-chart: standard input becomes a picture */
};

enum python_wish {
    PYTHON_NEWEST, /* whatever the header's requires-python allows, newest first */
    PYTHON_PREFER, /* `python` if the host has it, else the newest from 3.9 on */
    PYTHON_EXACT,  /* `python` ("3.12", "3.12.4" or a path) or a refusal */
};

struct extra_mount {
    char *path; /* absolute; seen at the same path inside */
    bool write;
};

struct launch {
    enum launch_what what;
    char job[JOB_ID_MAX];
    char policy[POLICY_NAME_MAX];
    char owner[OWNER_MAX]; /* principal; "local" on stdio and at the command line. A gate takes
                            * only those its configuration knows */
    char tool[TOOL_MAX];   /* what asked, for the audit log: "py_run_script_in_dir", "cordon run" */
    char trace[TRACEPARENT_MAX]; /* the client's trace context, for the audit log; "": none */
    char *policy_file; /* a file instead of a name; only `cordon-sandbox run` accepts it */
    char *workspace;   /* absolute directory, or NULL for a scratch one */
    char *script_path; /* absolute: where the script is seen inside; NULL: /box/script.py */
    enum python_wish wish;
    char *python;        /* see wish; NULL with PYTHON_NEWEST */
    bool use_uv;         /* false: the system's python, no environment is made */
    bool offline;        /* resolve nothing, install nothing */
    bool refresh;        /* make the environment anew */
    char *header;        /* the TOML text of a PEP 723 block, or NULL */
    char **requirements; /* PEP 508 strings, NULL-ended */
    char **imports;      /* top-level modules of the script, NULL-ended, whose packages may be
                          * inferred where the policy says so; NULL: nothing is */
    bool project;        /* the requirements of the workspace's pyproject.toml count too, where it
                          * has one and the script has no header */
    char **argv;         /* LAUNCH_COMMAND: program and arguments; else the script's arguments, or
                          * the chart's */
    char **env;          /* "NAME=value", NULL-ended */
    char **hosts;        /* further ones that may be reached (host.h), NULL-ended; likewise */
    struct extra_mount *extra; /* only `cordon-sandbox run` accepts any */
    size_t extra_count;
    struct limits asked;   /* UNBOUNDED: no opinion */
    struct limits ceiling; /* what of the policy's limits is left of the owner's quotas: lowered
                            * to that, where a request above a limit is refused */
    char *terminal;       /* the payload has a terminal of its own, whose TERM this is; NULL: pipes.
                           * Its bytes pass through STDIN and STDOUT. Only `cordon-sandbox run`
                           * accepts it */
    struct screen screen; /* its size at the start */
    bool wall_lower;      /* asked.wall_ms is a schema's default: above the policy's it is lowered,
                           * where an explicit request would be refused */
    uint32_t sample_ms;   /* how often what it uses is told (NOTE_SAMPLE); 0: never */
    bool counted;      /* a benchmark: in the end also what the processor counted (NOTE_MEASURED) */
    bool timed;        /* in the end also what its time went to (NOTE_SPANS) */
    bool by_person;    /* asked for at a command line: said by who takes it, and of no front. It
                        * changes words and gives no rights */
    char *zone;        /* TZ in the box, a person's; no front's to name; NULL: UTC */
    int fds[FD_COUNT]; /* travel beside the frame; owned by the launch; -1: absent */
};

/* A new name for a job: a random UUID. */
int job_id_make(char out[JOB_ID_MAX], struct error *err) must_check;

/* A launch with every descriptor -1, every limit UNBOUNDED and nothing else. */
void launch_init(struct launch *launch);

/* Frees what it points to, closes its descriptors, leaves it as launch_init(). */
void launch_done(struct launch *launch);

/* Into *ret what names a run, for who has to speak of it when it cannot any more: no variables,
 * no arguments. A script's descriptor is duplicated. The caller's, launch_done(). */
void launch_names(const struct launch *launch, struct launch *ret);

/* `frame` gets at most LAUNCH_FRAME_MAX bytes; the descriptors stay with the
 * launch. Too large is BLAME_CALLER and says what takes the room. */
int launch_encode(const struct launch *launch, void *frame, size_t *len,
                  struct error *err) must_check;

/* Decodes into *ret, which must be as launch_init() left it; the caller ends it
 * with launch_done() either way. `present` gets bit N where the frame announces
 * descriptor N; attaching them is the receiver's (gate.h). Every byte may be hostile. */
int launch_decode(const void *frame, size_t len, struct launch *ret, unsigned *present,
                  struct error *err) must_check;

/* What a front asks a gate before it orders: a file beneath an allowed
 * directory, as a sealed memfd. The front never opens a caller's path. */
#define RESOLVE_BYTES_MAX SCRIPT_BYTES_MAX

enum resolve_what {
    RESOLVE_FILE,
    RESOLVE_POLICY, /* the text of a policy that clients may name; path: its name */
    RESOLVE_CHECK,  /* what this host can enforce, as `cordon check --json` says it; path: NULL */
    RESOLVE_TOKENS, /* the file of hashed tokens, and that of an issuer's keys, that the */
    RESOLVE_KEYS,   /* configuration names; for the local owner, path: NULL */
};

struct resolve {
    uint32_t id; /* echoed */
    enum resolve_what what;
    char owner[OWNER_MAX]; /* on whose behalf, as in a launch */
    char *directory;       /* must lie beneath the roots; NULL: the first root */
    char *path;            /* relative to the directory, or absolute and beneath it; NULL: judge the
                            * directory alone */
};

struct resolved {
    uint32_t id;
    int code;           /* 0, or the errno of `error` */
    char *directory;    /* canonical */
    char *path;         /* canonical, absolute; NULL where none was asked */
    struct error error; /* where code is not 0 */
};

void resolve_done(struct resolve *resolve);
void resolved_done(struct resolved *resolved);
int resolve_encode(const struct resolve *resolve, void *frame, size_t *len,
                   struct error *err) must_check;
int resolve_decode(const void *frame, size_t len, struct resolve *ret,
                   struct error *err) must_check;
int resolved_encode(const struct resolved *resolved, void *frame, size_t *len,
                    struct error *err) must_check;
int resolved_decode(const void *frame, size_t len, struct resolved *ret,
                    struct error *err) must_check;

/* The first byte of every frame says which it is. */
enum frame_kind {
    FRAME_LAUNCH = 'L',
    FRAME_RESOLVE = 'R',
    FRAME_RESOLVED = 'r',
    FRAME_KNOCK = 'K', /* hatch.h */
};
