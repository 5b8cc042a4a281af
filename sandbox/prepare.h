/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.h - from what a launch asks for to an interpreter and an environment.
 *
 *     header or project read -> interpreter chosen -> imports judged -> environment made
 */
#pragma once

#include <cordon/launch.h>
#include <cordon/policy.h>

#include "env.h"

struct prepare_request {
    const struct launch *launch;
    const struct policy *policy;
    const char *workspace; /* canonical, or NULL */
    int workspace_fd;      /* or -1 */
    bool insist;           /* without what is inferred it has failed */
    void (*phase)(void *context, const char *what);
    void *context;
};

struct preparation {
    struct pythons pythons;
    const struct python *python; /* of these; NULL: a command that needs none */
    struct environment environment;
    struct environment profiler; /* where the launch wants a profile */
    bool project;                /* the workspace is a project, whose own modules are to be found */
    char **requirements;         /* asked for and inferred, NULL-ended, or NULL */
    char **hints;                /* lines for the caller, or NULL */
};

/* *ret is the caller's also after a failure. */
int prepare(const struct sandbox *sandbox, const struct prepare_request *request,
            struct preparation *ret, struct error *err) must_check;
void preparation_done(struct preparation *preparation);

/* Does the launch run Python, or need one? */
bool needs_python(const struct launch *launch);
