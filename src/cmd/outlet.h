/* SPDX-License-Identifier: Apache-2.0 */
/* outlet.h - a script's output on its way to a descriptor of ours that may be slow.
 *
 * Never waits in a write: a reader that sleeps must not keep us from hearing a
 * signal. The descriptor's mode is left alone, because others share it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct outlet;

struct outlet_owner {
    void (*filled)(void *context);  /* something waits: hold the source */
    void (*drained)(void *context); /* nothing waits any more, also because it broke */
    /* It cannot be written (errno: EPIPE where nobody reads); what comes after is dropped. */
    void (*broken)(void *context, int code);
    void *context;
};

struct outlet *outlet_new(struct event_base *base, int fd, const struct outlet_owner *owner);
void outlet_write(struct outlet *outlet, const void *bytes, size_t len);

/* Writes what waits, and now it may take its time. */
void outlet_free(struct outlet *outlet);

/* True if the last byte written was no line end: what follows begins a line. */
bool outlet_mid_line(const struct outlet *outlet);
