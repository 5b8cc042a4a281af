/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.h - lines in and out over the two descriptors a client gave us (MCP, "stdio").
 *
 * Reading and writing never block. What the client does not read is queued;
 * while more than STDIO_QUEUE_MAX is queued nothing is read, so that a client
 * that only writes cannot make us grow. All calls come from the event loop.
 */
#pragma once

#include <stddef.h>

#include <cordon/error.h>

/* The longest message; a longer line is skipped to its end. */
#define STDIO_LINE_MAX (16UL * 1024 * 1024)

/* Of a line that is too long this much is kept, to look for its id. */
#define STDIO_HEAD_MAX (64UL * 1024)

/* Unread replies at which we stop reading requests: some thirty of the longest. */
#define STDIO_QUEUE_MAX (4UL * 1024 * 1024)

struct event_base;
struct stdio;

struct stdio_events {
    /* One line without its end; `text` is not NUL-ended and lives for the call only. */
    void (*line)(void *context, const char *text, size_t len);
    /* The beginning of a line over STDIO_LINE_MAX, once the rest has been skipped. */
    void (*too_long)(void *context, const char *head, size_t len);
    /* The last call, once, from the loop: the client closed its side, or no longer reads. */
    void (*closed)(void *context);
    /* Everything that was queued has been taken, or has nowhere to go. */
    void (*flushed)(void *context);
    void *context;
};

/* Before anything else in the process: standard input and output become ours
 * alone, as two close-on-exec descriptors above 2. Afterwards 0 is /dev/null and 1 is
 * where 2 goes, so that no library and no child can read or write protocol. */
int stdio_claim(int *in, int *out, struct error *err) must_check;

/* A loop that can watch these descriptors: epoll refuses files and /dev/null. */
struct event_base *stdio_loop(int in, int out, struct error *err);

/* Takes both descriptors. *events is copied. */
struct stdio *stdio_new(struct event_base *base, int in, int out,
                        const struct stdio_events *events);
void stdio_free(struct stdio *stdio); /* NULL is fine; not from one of its own events */

/* Queues `line`, which holds no line end, and one line end. */
void stdio_send(struct stdio *stdio, const char *line);

/* Reads no more; `closed` comes only if it was already on its way. */
void stdio_stop(struct stdio *stdio);

/* Bytes queued that the client has not taken yet; 0 also when it is gone. */
size_t stdio_pending(const struct stdio *stdio);
