/* SPDX-License-Identifier: Apache-2.0 */
/* The runner against a supervisor made of paper: a child that takes the launch
 * from the socket and plays one part. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cordon/runner.h>
#include <cordon/spec.h>

#include "fd.h"
#include "str.h"
#include "unit.h"

#define FLOOD_BYTES (100ULL * 1024 * 1024)

/* --- the supervisor's side ------------------------------------------------------ */

static void tell(const struct launch *launch, const struct note *note)
{
    void *bytes = NULL;
    size_t len = 0;
    struct error err = { 0 };
    if (note_encode(note, &bytes, &len, &err) < 0 ||
        fd_write_all(launch->fds[FD_NOTES], bytes, len, &err) < 0)
        _exit(99);
    free(bytes);
}

static void tell_started(const struct launch *launch, uint64_t output_bytes, bool output_end)
{
    struct note note = { .kind = NOTE_STARTED };
    note.started.limits = limits_no_opinion();
    note.started.limits.output_bytes = output_bytes;
    note.started.output_end = output_end;
    (void)snprintf(note.started.policy, sizeof(note.started.policy), "default");
    tell(launch, &note);
}

static void tell_outcome(const struct launch *launch, enum end end, int code)
{
    struct note note = { .kind = NOTE_OUTCOME, .outcome = { .end = end, .code = code } };
    tell(launch, &note);
}

static void say(const struct launch *launch, enum launch_fd where, const char *text)
{
    struct error err = { 0 };
    (void)!fd_write_all(launch->fds[where], text, strlen(text), &err);
}

typedef void part(struct launch *launch);

static void play(int channel, part *act)
{
    char *frame = xcalloc(1, LAUNCH_FRAME_MAX);
    int fds[FD_COUNT];
    size_t count = 0;
    unsigned present = 0;
    struct error err = { 0 };
    struct launch launch;
    launch_init(&launch);
    ssize_t len = socket_receive(channel, frame, LAUNCH_FRAME_MAX, fds, FD_COUNT, &count, &err);
    if (len <= 0 || launch_decode(frame, (size_t)len, &launch, &present, &err) < 0)
        _exit(98);
    for (size_t i = 0, next = 0; i < FD_COUNT; i++)
        if (present & (1U << i) && next < count)
            launch.fds[i] = fds[next++];
    free(frame);
    act(&launch);
    launch_done(&launch);
    _exit(0);
}

static void act_hello(struct launch *launch)
{
    struct note phase = { .kind = NOTE_PHASE, .phase = "building the box" };
    tell(launch, &phase);
    tell_started(launch, 1000, false);
    say(launch, FD_STDOUT, "out\n");
    say(launch, FD_STDERR, "err\n");
    tell_outcome(launch, END_EXITED, 7);
}

static void act_refuse(struct launch *launch)
{
    struct note note = { .kind = NOTE_OUTCOME, .outcome = { .end = END_REFUSED } };
    (void)fail_policy(&note.outcome.error, EPERM, "the policy says no");
    tell(launch, &note);
}

static void act_die(struct launch *launch)
{
    tell_started(launch, 1000, false);
    say(launch, FD_STDOUT, "last words");
    (void)raise(SIGKILL);
}

static void act_babble(struct launch *launch)
{
    say(launch, FD_NOTES, "this is no note, and far too long a number");
}

static void act_flood(struct launch *launch)
{
    tell_started(launch, 100000, false);
    char block[65536];
    memset(block, 'x', sizeof(block));
    struct error err = { 0 };
    for (uint64_t left = FLOOD_BYTES; left > 0; left -= sizeof(block))
        if (fd_write_all(launch->fds[FD_STDOUT], block, sizeof(block), &err) < 0)
            _exit(97);
    tell_outcome(launch, END_EXITED, 0);
}

/* Reads control until it says OUTPUT or closes. */
static void act_until_output_end(struct launch *launch)
{
    tell_started(launch, 10, true);
    say(launch, FD_STDOUT, "0123456789abc");
    char byte = 0;
    bool asked = read(launch->fds[FD_CONTROL], &byte, 1) == 1 && byte == CONTROL_OUTPUT;
    tell_outcome(launch, asked ? END_OUTPUT : END_FAULT, 0);
}

/* Says what came over control, until it closes. */
static void act_tell_control(struct launch *launch)
{
    tell_started(launch, 1000, false);
    say(launch, FD_STDERR, "ready");
    char bytes[16];
    ssize_t n;
    while ((n = read(launch->fds[FD_CONTROL], bytes, sizeof(bytes))) > 0) {
        autofree char *text = xstrndup(bytes, (size_t)n);
        say(launch, FD_STDOUT, text);
    }
    tell_outcome(launch, END_CANCELLED, 0);
}

static void act_copy_input(struct launch *launch)
{
    tell_started(launch, UNBOUNDED, false);
    char block[4096];
    ssize_t n;
    struct error err = { 0 };
    while ((n = read(launch->fds[FD_STDIN], block, sizeof(block))) > 0)
        if (fd_write_all(launch->fds[FD_STDOUT], block, (size_t)n, &err) < 0)
            _exit(97);
    tell_outcome(launch, END_EXITED, 0);
}

static void act_close_input(struct launch *launch)
{
    tell_started(launch, 1000, false);
    close(fd_take(&launch->fds[FD_STDIN]));
    say(launch, FD_STDERR, "ready");
    char byte;
    (void)!read(launch->fds[FD_CONTROL], &byte, 1);
    tell_outcome(launch, END_EXITED, 0);
}

/* Leaves somebody behind who holds standard output. */
static void act_leave_holder(struct launch *launch)
{
    tell_started(launch, 1000, false);
    say(launch, FD_STDOUT, "held");
    pid_t holder = fork();
    if (holder == 0) {
        close(launch->fds[FD_NOTES]);
        close(launch->fds[FD_STDERR]);
        (void)pause();
        _exit(0);
    }
    struct note sample = { .kind = NOTE_SAMPLE,
                           .sample = { .usage = { .pids_peak = (uint64_t)holder } } };
    tell(launch, &sample);
    tell_outcome(launch, END_EXITED, 0);
}

/* --- the runner's side ------------------------------------------------------------ */

struct watcher {
    struct run_sink sink; /* first: the callbacks get a pointer to it */
    struct event_base *base;
    struct run *run;
    struct str text[2];
    uint64_t bytes[2], dropped[2];
    unsigned notes;
    bool started_first, ended;
    struct outcome outcome;
    pid_t holder;
    void (*on_output)(struct watcher *watcher);
};

static void on_note(struct run_sink *sink, struct note *note)
{
    struct watcher *watcher = (struct watcher *)(void *)sink;
    assert_false(watcher->ended);
    watcher->notes++;
    if (note->kind == NOTE_STARTED)
        watcher->started_first = watcher->bytes[0] + watcher->bytes[1] == 0;
    if (note->kind == NOTE_SAMPLE)
        watcher->holder = (pid_t)note->sample.usage.pids_peak;
}

static void on_output(struct run_sink *sink, int stream, const void *bytes, size_t len)
{
    struct watcher *watcher = (struct watcher *)(void *)sink;
    assert_false(watcher->ended);
    watcher->bytes[stream - 1] += len;
    if (watcher->text[stream - 1].len < 4096)
        str_add(&watcher->text[stream - 1], bytes, len);
    if (watcher->on_output)
        watcher->on_output(watcher);
}

static void on_ended(struct run_sink *sink, const struct outcome *outcome,
                     const uint64_t dropped[2])
{
    struct watcher *watcher = (struct watcher *)(void *)sink;
    assert_false(watcher->ended);
    watcher->ended = true;
    watcher->outcome = *outcome;
    memcpy(watcher->dropped, dropped, sizeof(watcher->dropped));
    (void)event_base_loopbreak(watcher->base);
}

static void launch_make(struct launch *launch)
{
    struct error err = { 0 };
    struct spec spec;
    spec_init(&spec);
    list_add(&spec.arguments, "/bin/true");
    assert_ok(launch_from_spec(&spec, launch, &err), &err);
}

/* Runs one part to its end. `feed` as in run_submit. */
static void watch(struct watcher *watcher, part *act, int feed)
{
    int channel[2];
    struct error err = { 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    pid_t child = fork();
    if (child == 0) {
        close(channel[0]);
        own_close(&feed);
        play(channel[1], act);
    }
    close(channel[1]);
    watcher->sink = (struct run_sink){ on_note, on_output, on_ended };
    watcher->base = event_base_new();
    struct launch launch;
    launch_make(&launch);
    assert_ok(run_submit(watcher->base, channel[0], &launch, feed, &watcher->sink, &watcher->run,
                         &err),
              &err);
    (void)event_base_dispatch(watcher->base);
    assert_true(watcher->ended);
    event_base_free(watcher->base);
    close(channel[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void watcher_done(struct watcher *watcher)
{
    str_done(&watcher->text[0]);
    str_done(&watcher->text[1]);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void notes_and_both_streams_arrive_before_the_end(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    struct watcher watcher = { 0 };
    watch(&watcher, act_hello, -1);
    assert_int_equal(watcher.notes, 2);
    assert_true(watcher.started_first);
    assert_string_equal(watcher.text[0].data, "out\n");
    assert_string_equal(watcher.text[1].data, "err\n");
    assert_int_equal(watcher.outcome.end, END_EXITED);
    assert_int_equal(watcher.outcome.code, 7);
    watcher_done(&watcher);
    assert_int_equal(open_descriptors(), before);
}

static void a_refusal_needs_no_start(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_refuse, -1);
    assert_int_equal(watcher.notes, 0);
    assert_int_equal(watcher.outcome.end, END_REFUSED);
    assert_says(&watcher.outcome.error, "the policy says no");
    watcher_done(&watcher);
}

static void a_dead_supervisor_is_a_fault_and_its_output_is_kept(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_die, -1);
    assert_int_equal(watcher.outcome.end, END_FAULT);
    assert_says(&watcher.outcome.error, "the supervisor died");
    assert_string_equal(watcher.text[0].data, "last words");
    watcher_done(&watcher);
}

static void a_supervisor_that_babbles_is_a_fault(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_babble, -1);
    assert_int_equal(watcher.outcome.end, END_FAULT);
    assert_says(&watcher.outcome.error, "cannot be read");
    watcher_done(&watcher);
}

static void a_flood_is_bounded_and_counted(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_flood, -1);
    assert_int_equal(watcher.outcome.end, END_EXITED);
    assert_int_equal(watcher.bytes[0], 100000);
    assert_int_equal(watcher.dropped[0], FLOOD_BYTES - 100000);
    assert_int_equal(watcher.dropped[1], 0);
    watcher_done(&watcher);
}

static void output_over_the_limit_ends_a_run_where_the_policy_says_so(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_until_output_end, -1);
    assert_int_equal(watcher.outcome.end, END_OUTPUT);
    assert_string_equal(watcher.text[0].data, "0123456789");
    assert_int_equal(watcher.dropped[0], 3);
    watcher_done(&watcher);
}

static void cancel_kindly(struct watcher *watcher)
{
    if (watcher->bytes[1])
        run_cancel(watcher->run, true);
}

static void cancel_hard(struct watcher *watcher)
{
    if (watcher->bytes[1])
        run_cancel(watcher->run, false);
}

static void signal_then_cancel(struct watcher *watcher)
{
    if (watcher->bytes[0] == 0)
        run_signal(watcher->run, SIGHUP);
    else
        run_cancel(watcher->run, true);
}

static void a_cancel_closes_control_and_says_how(void **state)
{
    (void)state;
    struct watcher kind = { .on_output = cancel_kindly };
    watch(&kind, act_tell_control, -1);
    assert_int_equal(kind.outcome.end, END_CANCELLED);
    assert_int_equal(kind.bytes[0], 0);
    watcher_done(&kind);

    struct watcher hard = { .on_output = cancel_hard };
    watch(&hard, act_tell_control, -1);
    assert_int_equal(hard.outcome.end, END_CANCELLED);
    assert_string_equal(hard.text[0].data, "k");
    watcher_done(&hard);
}

static void a_signal_travels_with_its_number(void **state)
{
    (void)state;
    struct watcher watcher = { .on_output = signal_then_cancel };
    watch(&watcher, act_tell_control, -1);
    assert_string_equal(watcher.text[0].data, "s\x01");
    watcher_done(&watcher);
}

/* A regular file, which epoll refuses, of more than any buffer on the way. */
static void a_file_is_fed_to_its_last_byte(void **state)
{
    (void)state;
    size_t len = 3 * 1024 * 1024 + 17;
    char *bytes = xcalloc(1, len);
    struct error err = { 0 };
    int file = memfd_sealed("input", bytes, len, &err);
    assert_true(file >= 0);
    free(bytes);
    struct watcher watcher = { 0 };
    watch(&watcher, act_copy_input, file);
    assert_int_equal(watcher.bytes[0], len);
    watcher_done(&watcher);
}

static void a_pipe_is_fed_until_its_end(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "some input", 10), 10);
    close(ends[1]);
    struct watcher watcher = { 0 };
    watch(&watcher, act_copy_input, ends[0]);
    assert_string_equal(watcher.text[0].data, "some input");
    watcher_done(&watcher);
}

static void a_script_that_reads_nothing_stops_the_feed(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_true(zeros >= 0);
    struct watcher watcher = { .on_output = cancel_kindly };
    watch(&watcher, act_close_input, zeros);
    assert_int_equal(watcher.outcome.end, END_EXITED);
    watcher_done(&watcher);
    assert_int_equal(open_descriptors(), before);
}

static void a_held_pipe_is_not_waited_for(void **state)
{
    (void)state;
    struct watcher watcher = { 0 };
    watch(&watcher, act_leave_holder, -1);
    assert_int_equal(watcher.outcome.end, END_EXITED);
    assert_string_equal(watcher.text[0].data, "held");
    assert_true(watcher.holder > 0);
    assert_int_equal(kill(watcher.holder, SIGKILL), 0);
    watcher_done(&watcher);
}

static void resume(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    run_pause(((struct watcher *)context)->run, false);
}

/* Pauses at the first output and goes on after longer than the linger timer. */
static void pause_for_long(struct watcher *watcher)
{
    static const struct timeval wait = { .tv_sec = 2, .tv_usec = 500000 };
    if (watcher->bytes[0] > 65536)
        return;
    run_pause(watcher->run, true);
    (void)event_base_once(watcher->base, -1, EV_TIMEOUT, resume, watcher, &wait);
}

static void act_two_blocks(struct launch *launch)
{
    tell_started(launch, UNBOUNDED, false);
    char block[65536];
    memset(block, 'x', sizeof(block));
    struct error err = { 0 };
    for (int i = 0; i < 2; i++)
        if (fd_write_all(launch->fds[FD_STDOUT], block, sizeof(block), &err) < 0)
            _exit(97);
    tell_outcome(launch, END_EXITED, 0);
}

static void a_slow_reader_loses_nothing(void **state)
{
    (void)state;
    struct watcher watcher = { .on_output = pause_for_long };
    watch(&watcher, act_two_blocks, -1);
    assert_int_equal(watcher.bytes[0], 2 * 65536);
    watcher_done(&watcher);
}

static void a_launch_that_cannot_be_sent_leaves_nothing_open(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    int channel[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    close(channel[1]);
    struct watcher watcher = { .sink = { on_note, on_output, on_ended } };
    watcher.base = event_base_new();
    struct launch launch;
    launch_make(&launch);
    struct error err = { 0 };
    int feed = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    assert_true(
        run_submit(watcher.base, channel[0], &launch, feed, &watcher.sink, &watcher.run, &err) < 0);
    assert_says(&err, "sendmsg");
    event_base_free(watcher.base);
    close(channel[0]);
    assert_int_equal(open_descriptors(), before);
}

static int ignore_sigpipe(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_and_both_streams_arrive_before_the_end),
        cmocka_unit_test(a_refusal_needs_no_start),
        cmocka_unit_test(a_dead_supervisor_is_a_fault_and_its_output_is_kept),
        cmocka_unit_test(a_supervisor_that_babbles_is_a_fault),
        cmocka_unit_test(a_flood_is_bounded_and_counted),
        cmocka_unit_test(output_over_the_limit_ends_a_run_where_the_policy_says_so),
        cmocka_unit_test(a_cancel_closes_control_and_says_how),
        cmocka_unit_test(a_signal_travels_with_its_number),
        cmocka_unit_test(a_file_is_fed_to_its_last_byte),
        cmocka_unit_test(a_pipe_is_fed_until_its_end),
        cmocka_unit_test(a_script_that_reads_nothing_stops_the_feed),
        cmocka_unit_test(a_held_pipe_is_not_waited_for),
        cmocka_unit_test(a_slow_reader_loses_nothing),
        cmocka_unit_test(a_launch_that_cannot_be_sent_leaves_nothing_open),
    };
    return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
