/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one `cordon run` or `cordon exec` as it is seen from the terminal. */
#pragma once

#include <signal.h>

#include <cordon/runner.h>

#include "cmd/hatch.h"
#include "cmd/outlet.h"
#include "cmd/profiling.h"
#include "cmd/recording.h"
#include "cmd/report.h"
#include "cmd/request.h"
#include "cmd/tracing.h"
#include "run/capture.h"

struct session {
    struct run_sink sink; /* first: the callbacks get a pointer to it */
    const struct options *options;
    struct request *request;
    struct event_base *base;
    struct run *run;        /* NULL before it is submitted and after it ended */
    struct outlet *out[2];  /* NULL under --json */
    unsigned held;          /* outlets that wait */
    struct capture text[2]; /* for --json, --report and hints */
    struct started started;
    struct changes changes;
    struct recording *recording; /* under --job */
    struct outcome outcome;
    uint64_t dropped[2];
    bool mid_line;  /* standard error ended within a line */
    bool unread;    /* nobody reads standard output any more */
    int unwritable; /* errno, where that is not for want of a reader */
    bool waited;    /* for a slot, and that was said */
    bool spoke;     /* the script: it runs, whether or not we were told already */
    bool box_stood, interrupted, cancelled, forwarded[NSIG];
    char job[JOB_ID_MAX];
    struct launch names; /* of the run, for the audit log should its supervisor die */
    int signals;
    struct report report;
    struct profiling profiling;
    struct tracing tracing;
    pid_t sandbox;       /* whose box it is; 0: a server's */
    struct call call;    /* to that server */
    struct launch again; /* what it was sent, should it not take it */
};

/* "cordon: ..." on standard error, at the beginning of a line; nothing under --quiet. */
void session_say(struct session *session, const char *fmt, ...) printf_like(2, 3);

/* What there is to say once the run has ended: why, what was lost, what would help. */
void session_say_end(struct session *session);
