/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - every decision about one box, taken before the fork.
 *
 * After plan_make() nothing is looked up, parsed or allocated: the child makes
 * system calls on what stands here.
 */
#pragma once

#include <sys/resource.h>

#include <cordon/launch.h>
#include <cordon/note.h>
#include <cordon/policy.h>

#include "egress_order.h"
#include "filter.h"
#include "identity.h"
#include "landlock.h"
#include "mounts.h"

/* Something of the host that this run sees beside what the policy lists. */
struct plan_bind {
    const char *host;   /* absolute */
    const char *inside; /* NULL: the same path */
    bool write;
    bool no_execution;
    bool own;        /* as root: seen as the box's own, whoever owns it on disk */
    const char *why; /* for messages: "workspace", "environment", "--read" */
};

struct plan_request {
    const struct policy *policy;
    struct limits limits;  /* already met */
    const char *workspace; /* canonical host path, or NULL */
    int workspace_fd;      /* the same, opened beneath its root; -1: open the path */
    struct plan_bind *binds;
    size_t bind_count;
    int script;            /* memfd, or -1 */
    const char *script_at; /* absolute inside, with script >= 0 */
    char *const *argv;
    char *const *env; /* complete */
    const char *cwd;
    int stdio[3];
    int profile;                       /* where one is written to; 0: none */
    struct standing *standing;         /* the payload waits at its end of this; or NULL */
    bool ahead;                        /* what runs comes with an order (command_order.h); argv, env
                                        * and stdio are its */
    const struct screen *terminal;     /* of this size, instead of stdio; NULL: none */
    const struct egress_order *egress; /* who may be reached; NULL: nobody */
    bool count_denied;                 /* denied system calls are to be named in the outcome */
};

struct counters;

struct plan_rlimit {
    int resource;
    rlim_t value;
};

#define LANDLOCK_RULES_MAX 96

struct plan {
    struct identity identity; /* borrowed lock: the caller ends it */
    struct root_plan root;
    int upper; /* the directory of the run's writes to an overlay workspace, or -1 */
    struct landlock_rule rules[LANDLOCK_RULES_MAX];
    unsigned rule_count;
    int landlock; /* ABI, 0: none */
    struct filter filter;
    struct filter asking; /* the same, whose denials are counted (notify.h); or empty */
    struct plan_rlimit rlimits[12];
    size_t rlimit_count;
    struct limits limits;
    char *const *argv;
    char *const *env;
    char **path; /* candidates for argv[0] where it has no slash, NULL-ended */
    const char *cwd;
    int stdio[3];
    int profile;   /* becomes the payload's PROFILE_FD; 0: it has none */
    bool terminal; /* pid 1 makes one of the box's own, and it takes the place of stdio */
    struct screen screen;
    const struct egress_order *egress;
    struct counters *counters; /* to be opened for the box; or NULL */
    struct standing *standing; /* whose interpreter waits in the box; or NULL */
    bool ahead;                /* pid 1 waits for what the payload is (command_order.h) */
    const char *broken_step;   /* tests only: this step fails (EIO) instead of being taken */
};

/* Borrows everything in the request for the life of the plan. */
int plan_make(const struct sandbox *sandbox, const struct plan_request *request,
              const struct identity *identity, struct plan *ret, struct error *err) must_check;
/* What it executes; borrowed. */
void plan_words(struct plan *plan, char *const *argv, char *const *env);
/* The box's group counts its processes, exactly and with a record of who was refused: the
 * resource limit, which the kernel looks at first, is one wider. */
void plan_leave_processes(struct plan *plan);
/* Of the resource limit of one process, which holds where the supervisor should die: whole
 * seconds, beyond the limit. */
rlim_t plan_cpu_seconds(const struct limits *limits);
void plan_done(struct plan *plan);

/* One of its scratch directories, which all share one bound; NULL: it has none. */
const char *plan_scratch(const struct plan *plan);

/* "/bin", "/lib64" and their like, which every box has as the host has them: the one that a
 * path lies in, or NULL. */
const char *plan_system_name(const char *path);

/* Is it in the /dev that a policy's "dev" makes? */
bool plan_device_name(const char *path);

/* May a workspace stand there? */
int plan_workspace_place(const char *path, struct error *err) must_check;

/* May the host's own be shown there by `option`, --read or --write? */
int plan_shown_place(const char *path, const char *option, struct error *err) must_check;

#define SCRATCH_HOME  "/box/home"
#define INLINE_SCRIPT "/box/script.py"
