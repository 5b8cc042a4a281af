/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - a box's own terminal; from outside: bytes between it and two pipes.
 *
 * pid 1 makes it in the box's devpts and sends its leader. Nothing but bytes and a
 * size goes in, nothing but bytes comes out, so that neither side ever holds a
 * terminal of the other. One slow side stops the other and never us: both buffers
 * are bounded, and no call waits.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include <cordon/launch.h>

/* How much a read of a terminal's leader gives at most, a few times over. */
#define TERMINAL_BYTES ((size_t)16 * 1024)

struct terminal_way {
    size_t at, len; /* of bytes: read and not yet written */
    char bytes[TERMINAL_BYTES];
};

struct terminal {
    int leader; /* -1 before it came and after its end */
    int keys;   /* what is typed, the read end of a pipe; -1 after its end */
    int screen; /* what is shown, the write end; -1 when nobody reads it */
    struct terminal_way in, out;
};

/* In pid 1: a terminal of the box's own devpts, of that size. Its follower becomes our 0 to 2, and
 * no terminal of the host is known in here; its leader is the caller's. -1: errno says why not. */
int terminal_make(struct screen size);

/* Takes both pipes. */
int terminal_begin(struct terminal *terminal, int keys, int screen, struct error *err) must_check;

/* Takes the leader that pid 1 sent. */
void terminal_attach(struct terminal *terminal, int leader);
void terminal_resize(const struct terminal *terminal, struct screen size);

enum { TERMINAL_LEADER, TERMINAL_KEYS, TERMINAL_SCREEN, TERMINAL_WATCHED };

/* What to poll for, and what to do once something of it is ready. */
void terminal_watch(const struct terminal *terminal, struct pollfd fds[TERMINAL_WATCHED]);
void terminal_pump(struct terminal *terminal, const struct pollfd fds[TERMINAL_WATCHED]);

/* The box is empty: hands on what its terminal still holds, for as long as its reader
 * takes or lives, and closes everything. */
void terminal_end(struct terminal *terminal);
