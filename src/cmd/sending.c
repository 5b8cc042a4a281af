/* SPDX-License-Identifier: Apache-2.0 */
/* sending.c - a launch goes to a server that would take it, or to a cordon-sandbox of our own. */
#include "cmd/sending.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <cordon/log.h>
#include <cordon/runner.h>

#include "cmd/trusted.h"
#include "fd.h"

static int order(struct session *session, int channel, struct launch *launch, int feed,
                 struct error *err)
{
    return run_submit(session->base, channel, launch, feed, &session->sink, &session->run, err);
}

/* A box of our own. */
static int start(struct session *session, struct launch *launch, int feed, struct error *err)
{
    autoclose int channel = -1, input = feed;
    pid_t pid = sandbox_start("run", session->options, &channel, err);
    if (pid < 0) {
        launch_done(launch);
        return pid;
    }
    session->sandbox = pid;
    tracing_mark_start(&session->tracing, "start cordon-sandbox");
    return order(session, channel, launch, fd_take(&input), err);
}

/* The same run, by the same name. */
static int keep_again(struct session *session, const struct launch *launch, struct error *err)
{
    int r = launch_again(launch, &session->again, err);
    memcpy(session->again.job, launch->job, sizeof(session->again.job));
    return r;
}

int sending_begin(struct session *session, struct launch *launch, int feed, struct error *err)
{
    if (session->call.channel < 0)
        return start(session, launch, feed, err);
    autoclose int input = feed;
    autoclose int same = feed < 0 ? -1 : fcntl(feed, F_DUPFD_CLOEXEC, 3);
    int r = keep_again(session, launch, err);
    if (r < 0) {
        launch_done(launch);
        return r;
    }
    r = order(session, session->call.channel, launch, fd_take(&input), err);
    return r < 0 ? sending_again(session, fd_take(&same), err) : r;
}

/* Its supervisor, before it could write the run down. */
static bool died(const struct session *session)
{
    return session->outcome.end == END_FAULT && session->outcome.error.code == EPIPE;
}

bool sending_was_in_vain(const struct session *session)
{
    return session->call.channel >= 0 && !session->box_stood && died(session) &&
           !call_taken(&session->call);
}

int sending_again(struct session *session, int feed, struct error *err)
{
    log_event(LOG_DEBUG, "server-not-used", KV("reason", "it did not take the run"));
    call_close(&session->call);
    session->outcome = (struct outcome){ 0 };
    int r = start(session, &session->again, feed, err);
    if (r == 0 && session->cancelled)
        run_cancel(session->run, false);
    return r;
}

void sending_end(struct session *session)
{
    const struct launch *dead = died(session) ? &session->names : NULL;
    sandbox_await(session->sandbox, session->options, dead);
    /* A gate that lives does that for the runs that it took. */
    if (dead && session->call.channel >= 0 && call_server_gone(&session->call))
        sandbox_sweep(session->options, dead);
}
