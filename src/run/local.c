/* SPDX-License-Identifier: Apache-2.0 */
/* local.c - one launch on this machine: its pipes, its notes, its output, its end.
 *
 * The run is over when three pipes have ended: notes, standard output and
 * standard error. Nothing in a box outlives its outcome, so after the outcome
 * the pipes end by themselves; should one not, it is not waited for long.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cordon/runner.h>

#include "clock.h"
#include "fd.h"
#include "feed.h"
#include "str.h"

/* One read; all the memory that output takes on its way through. */
#define CHUNK_BYTES (64 * 1024)

/* After the outcome, for a pipe that somebody still holds. */
#define LINGER_S 2

/* A script that writes line by line wakes its reader for each, if the reader is quick enough. After
 * so many small reads in a row, each soon after the last, output is fetched once in a while, until
 * there is much of it or none: a line costs next to nothing then, and the pipe is far from full. */
#define QUICK_READS 16
#define QUICK_NS    (4 * NS_PER_MS)
#define SMALL_BYTES 4096
#define MUCH_BYTES  (CHUNK_BYTES / 2)
#define REST_US     1000

struct tap {
    struct run *run;
    struct event *event; /* NULL once the pipe has ended */
    struct event *rest;  /* of output: the end of a rest */
    uint64_t read_ns;    /* when it was last read */
    unsigned quick;      /* small reads in a row */
    int stream;          /* 1 or 2; 0: notes */
    int fd;
};

struct run {
    struct event_base *base;
    struct run_sink *sink;
    struct tap notes, output[2];
    struct feed *feed;
    struct event *linger;
    int control;        /* -1 once cancelled */
    struct str pending; /* of notes: a frame that is not whole yet */
    bool started, over, paused, full;
    bool output_end;
    uint64_t room;       /* what is left of limits.output */
    uint64_t dropped[2]; /* per stream */
    struct outcome outcome;
};

/* --- the end ---------------------------------------------------------------- */

static void tap_close(struct tap *tap)
{
    if (tap->event)
        event_free(tap->event);
    tap->event = NULL;
    if (tap->rest)
        event_free(tap->rest);
    tap->rest = NULL;
    own_close(&tap->fd);
    tap->fd = -1;
}

static void run_free(struct run *run)
{
    tap_close(&run->notes);
    tap_close(&run->output[0]);
    tap_close(&run->output[1]);
    feed_free(run->feed);
    if (run->linger)
        event_free(run->linger);
    own_close(&run->control);
    str_done(&run->pending);
    free(run);
}

static bool run_is_over(const struct run *run)
{
    return run->over && run->notes.fd < 0 && run->output[0].fd < 0 && run->output[1].fd < 0;
}

/* Every callback that may have closed a pipe ends with this; the run is gone
 * after it. */
static void run_end_if_over(struct run *run)
{
    if (!run_is_over(run))
        return;
    run->sink->ended(run->sink, &run->outcome, run->dropped);
    run_free(run);
}

static void linger_over(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct run *run = context;
    tap_close(&run->notes);
    tap_close(&run->output[0]);
    tap_close(&run->output[1]);
    run_end_if_over(run);
}

/* A reader that is paused may take as long as it likes: what it has not read yet
 * lies in the pipe and is not lost. */
static void linger_watch(struct run *run)
{
    static const struct timeval wait = { .tv_sec = LINGER_S };
    if (run->over && !run->paused)
        (void)event_add(run->linger, &wait);
    else
        (void)event_del(run->linger);
}

static void run_over(struct run *run, const struct outcome *outcome)
{
    if (run->over)
        return;
    run->over = true;
    run->outcome = *outcome;
    linger_watch(run);
}

/* Without an outcome of its own: also closes control, in case somebody listens. */
static void run_fault(struct run *run, const char *why)
{
    struct outcome outcome = { .end = END_FAULT };
    (void)fail_host_as(&outcome.error, EPIPE, "%s", why);
    run_cancel(run, false);
    run_over(run, &outcome);
}

/* --- notes ------------------------------------------------------------------ */

static void note_take(struct run *run, struct note *note)
{
    if (run->over)
        return;
    if (note->kind == NOTE_OUTCOME) {
        run_over(run, &note->outcome);
        return;
    }
    if (note->kind == NOTE_STARTED) {
        run->started = true;
        run->room = note->started.limits.output_bytes;
        run->output_end = note->started.output_end;
        if (run->feed)
            feed_start(run->feed);
    }
    run->sink->note(run->sink, note);
}

/* The whole frames of what came. -1 where a length or a frame makes no sense. */
static int notes_decode(struct run *run)
{
    size_t at = 0;
    uint32_t len;
    while (run->pending.len - at >= sizeof(len)) {
        memcpy(&len, run->pending.data + at, sizeof(len));
        if (len > NOTE_BYTES_MAX)
            return -1;
        if (run->pending.len - at - sizeof(len) < len)
            break;
        struct note note;
        struct error err = { 0 };
        if (note_decode(run->pending.data + at + sizeof(len), len, &note, &err) < 0)
            return -1;
        note_take(run, &note);
        note_done(&note);
        at += sizeof(len) + len;
    }
    memmove(run->pending.data, run->pending.data + at, run->pending.len - at);
    run->pending.len -= at;
    return 0;
}

/* Reads what is there; closes the pipe at its end. */
static void notes_read(struct run *run)
{
    char chunk[4096];
    while (run->notes.fd >= 0) {
        ssize_t n = read(run->notes.fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            tap_close(&run->notes);
            if (!run->over)
                run_fault(run, "the supervisor died");
            return;
        }
        str_add(&run->pending, chunk, (size_t)n);
        if (notes_decode(run) < 0) {
            tap_close(&run->notes);
            run_fault(run, "the supervisor sent a note that cannot be read");
        }
    }
}

static void notes_ready(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct tap *tap = context;
    notes_read(tap->run);
    run_end_if_over(tap->run);
}

/* --- output ----------------------------------------------------------------- */

static void control_write(struct run *run, const void *bytes, size_t len)
{
    /* A full or a closed pipe: the supervisor has enough to do, or is gone. */
    if (run->control >= 0)
        (void)!write(run->control, bytes, len);
}

static void output_take(struct run *run, int stream, const char *bytes, size_t len)
{
    size_t kept = len < run->room ? len : (size_t)run->room;
    run->room -= kept;
    run->dropped[stream - 1] += len - kept;
    if (kept < len && run->output_end && !run->full) {
        run->full = true;
        control_write(run, &(char){ CONTROL_OUTPUT }, 1);
    }
    if (kept > 0)
        run->sink->output(run->sink, stream, bytes, kept);
}

static void rest_over(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct tap *tap = context;
    if (!tap->run->paused)
        (void)event_add(tap->event, NULL);
}

static void rest_if_quick(struct tap *tap, size_t len)
{
    static const struct timeval rest = { .tv_usec = REST_US };
    uint64_t now = now_ns();
    bool resting = tap->quick >= QUICK_READS;
    bool quick = len < (resting ? MUCH_BYTES : SMALL_BYTES) && now - tap->read_ns < QUICK_NS;
    tap->read_ns = now;
    tap->quick = quick ? tap->quick + 1 : 0;
    if (tap->quick < QUICK_READS || tap->run->over || tap->run->paused)
        return;
    (void)event_del(tap->event);
    (void)event_add(tap->rest, &rest);
}

static void output_ready(evutil_socket_t fd, short what, void *context)
{
    static char chunk[CHUNK_BYTES]; /* one loop, one reader at a time */
    (void)fd;
    (void)what;
    struct tap *tap = context;
    struct run *run = tap->run;
    /* STARTED was written before the first output, but both may be ready at once. */
    if (!run->started)
        notes_read(run);
    if (tap->fd < 0)
        return;
    ssize_t n = read(tap->fd, chunk, sizeof(chunk));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        output_take(run, tap->stream, chunk, (size_t)n);
        rest_if_quick(tap, (size_t)n);
    } else {
        tap_close(tap);
    }
    run_end_if_over(run);
}

/* --- the beginning ---------------------------------------------------------- */

/* A pipe whose end `ours` (0 reads, 1 writes) stays here and does not block; the
 * other travels. Each end has a file description of its own, so the script's
 * blocks as a script expects. */
static int pipe_make(int *here, int *there, int ours, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_host(err, "pipe");
    *here = ends[ours];
    *there = ends[!ours];
    return fd_nonblocking(*here, err);
}

static int run_pipes(struct run *run, struct launch *launch, int *feed, struct error *err)
{
    const struct {
        int *here;
        enum launch_fd name;
        int ours;
    } pipes[] = {
        { &run->output[0].fd, FD_STDOUT, 0 },
        { &run->output[1].fd, FD_STDERR, 0 },
        { &run->notes.fd, FD_NOTES, 0 },
        { &run->control, FD_CONTROL, 1 },
    };
    for (size_t i = 0; i < COUNT(pipes); i++) {
        int r = pipe_make(pipes[i].here, &launch->fds[pipes[i].name], pipes[i].ours, err);
        if (r < 0)
            return r;
    }
    if (*feed < 0)
        return 0;
    autoclose int here = -1;
    int r = pipe_make(&here, &launch->fds[FD_STDIN], 1, err);
    if (r == 0)
        run->feed = feed_new(run->base, fd_take(feed), fd_take(&here));
    return r;
}

static int tap_watch(struct tap *tap, event_callback_fn ready, struct error *err)
{
    tap->event = event_new(tap->run->base, tap->fd, EV_READ | EV_PERSIST, ready, tap);
    if (!tap->event || event_add(tap->event, NULL) < 0)
        return fail_host_as(err, ENOMEM, "watch a pipe");
    return 0;
}

static int run_watch(struct run *run, struct error *err)
{
    run->linger = event_new(run->base, -1, 0, linger_over, run);
    if (!run->linger)
        return fail_host_as(err, ENOMEM, "make a timer");
    int r = tap_watch(&run->notes, notes_ready, err);
    for (int i = 0; r == 0 && i < 2; i++) {
        r = tap_watch(&run->output[i], output_ready, err);
        run->output[i].rest = event_new(run->base, -1, 0, rest_over, &run->output[i]);
        if (r == 0 && !run->output[i].rest)
            r = fail_host_as(err, ENOMEM, "make a timer");
    }
    return r;
}

static int run_send(int channel, const struct launch *launch, struct error *err)
{
    static char
        frame[LAUNCH_FRAME_MAX]; /* one loop, one order at a time; too much to clear for each */
    size_t len = 0;
    int r = launch_encode(launch, frame, &len, err);
    return r < 0 ? r : socket_send(channel, frame, len, launch->fds, FD_COUNT, err);
}

int run_submit(struct event_base *base, int channel, struct launch *launch, int feed,
               struct run_sink *sink, struct run **ret, struct error *err)
{
    autoclose int source = feed;
    struct run *run = xcalloc(1, sizeof(*run));
    run->base = base;
    run->sink = sink;
    run->control = -1;
    run->room = launch->asked.output_bytes; /* until STARTED says what is in force */
    run->notes = (struct tap){ .run = run, .fd = -1 };
    for (int i = 0; i < 2; i++)
        run->output[i] = (struct tap){ .run = run, .stream = i + 1, .fd = -1 };

    int r = run_pipes(run, launch, &source, err);
    if (r == 0)
        r = run_watch(run, err);
    if (r == 0)
        r = run_send(channel, launch, err);
    launch_done(launch); /* our copies of the other ends: or no pipe would ever end */
    if (r < 0) {
        run_free(run);
        return r;
    }
    *ret = run;
    return 0;
}

/* --- while it lives --------------------------------------------------------- */

void run_cancel(struct run *run, bool grace)
{
    if (!grace)
        control_write(run, &(char){ CONTROL_KILL }, 1);
    own_close(&run->control);
    run->control = -1;
}

void run_signal(struct run *run, int number)
{
    control_write(run, (const char[]){ CONTROL_SIGNAL, (char)number }, 2);
}

void run_resize(struct run *run, struct screen screen)
{
    unsigned char order[1 + sizeof(screen)] = { CONTROL_SCREEN };
    memcpy(order + 1, &screen, sizeof(screen));
    control_write(run, order, sizeof(order));
}

void run_look(struct run *run)
{
    control_write(run, &(char){ CONTROL_USAGE }, 1);
}

void run_pause(struct run *run, bool paused)
{
    if (run->paused == paused)
        return;
    run->paused = paused;
    for (int i = 0; i < 2; i++)
        if (run->output[i].event)
            (void)(paused ? event_del(run->output[i].event)
                          : event_add(run->output[i].event, NULL));
    linger_watch(run);
}
