/* SPDX-License-Identifier: Apache-2.0 */
/* fake_gate.h - the other end of the front's socket, played by a test, step by step. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/launch.h>
#include <cordon/note.h>

#include "fd.h"
#include "unit.h"

/* [0] is the front's end, [1] the gate's. */
static inline void fake_gate_open(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static inline ssize_t fake_gate_frame(int gate, char *frame, int fds[FD_COUNT], size_t *count)
{
    struct error err = { 0 };
    ssize_t n = socket_receive(gate, frame, LAUNCH_FRAME_MAX, fds, FD_COUNT, count, &err);
    if (n < 0)
        fail_msg("%s", err.text);
    return n;
}

/* The question that is on the wire; fails the test where there is none. */
static inline struct resolve fake_gate_asked(int gate)
{
    static char frame[LAUNCH_FRAME_MAX];
    int fds[FD_COUNT];
    size_t count;
    struct resolve ask = { 0 };
    struct error err = { 0 };
    ssize_t n = fake_gate_frame(gate, frame, fds, &count);
    assert_int_equal(count, 0);
    assert_ok(resolve_decode(frame, (size_t)n, &ask, &err), &err);
    return ask;
}

/* Answers it: with the text of a file, with a directory alone (text NULL), or
 * (refusal not NULL) with a refusal. Ends *ask. */
static inline void fake_gate_answer(int gate, struct resolve *ask, const char *directory,
                                    const char *path, const char *text, const char *refusal)
{
    static char frame[LAUNCH_FRAME_MAX];
    size_t len;
    struct error err = { 0 };
    struct resolved answer = { .id = ask->id,
                               .directory = (char *)(uintptr_t)directory,
                               .path = (char *)(uintptr_t)path };
    if (refusal)
        answer.code = -fail_policy(&answer.error, EPERM, "%s", refusal);
    int fd = text ? memfd_sealed("answer", text, strlen(text), &err) : -1;
    assert_ok(resolved_encode(&answer, frame, &len, &err), &err);
    assert_ok(socket_send(gate, frame, len, &fd, 1, &err), &err);
    if (fd >= 0)
        close(fd);
    resolve_done(ask);
}

/* The launch that is on the wire, with its descriptors; launch_done(). */
static inline void fake_gate_launched(int gate, struct launch *launch)
{
    static char frame[LAUNCH_FRAME_MAX];
    int fds[FD_COUNT];
    size_t count, next = 0;
    unsigned present;
    struct error err = { 0 };
    ssize_t n = fake_gate_frame(gate, frame, fds, &count);
    launch_init(launch);
    assert_ok(launch_decode(frame, (size_t)n, launch, &present, &err), &err);
    for (size_t i = 0; i < FD_COUNT; i++)
        if (present & 1U << i)
            launch->fds[i] = fds[next++];
    assert_int_equal(next, count);
}

static inline void fake_gate_note(const struct launch *launch, const struct note *note)
{
    void *bytes;
    size_t len;
    struct error err = { 0 };
    assert_ok(note_encode(note, &bytes, &len, &err), &err);
    assert_ok(fd_write_all(launch->fds[FD_NOTES], bytes, len, &err), &err);
    free(bytes);
}

/* The whole life of a run that prints `text` and ends like that. Ends *launch. */
static inline void fake_gate_run(struct launch *launch, const char *text, enum end end, int code)
{
    struct error err = { 0 };
    struct note started = { .kind = NOTE_STARTED };
    started.started.limits = limits_no_opinion();
    started.started.limits.output_bytes = 1 << 20;
    started.started.uv = true;
    memcpy(started.started.policy, "default", sizeof("default"));
    fake_gate_note(launch, &started);
    if (text)
        assert_ok(fd_write_all(launch->fds[FD_STDOUT], text, strlen(text), &err), &err);
    const struct note over = { .kind = NOTE_OUTCOME, .outcome = { .end = end, .code = code } };
    fake_gate_note(launch, &over);
    launch_done(launch);
}

/* True once the front has closed its end of the control pipe. */
static inline bool fake_gate_cancelled(const struct launch *launch)
{
    char byte;
    (void)fcntl(launch->fds[FD_CONTROL], F_SETFL, O_NONBLOCK);
    return read(launch->fds[FD_CONTROL], &byte, 1) == 0;
}
