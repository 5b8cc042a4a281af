/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - the trusted side, as the front sees it: one socket.
 *
 * The front asks it where a caller's paths lead (RESOLVE, by id) and sends it
 * launches (run_submit() over gate_channel()). When it dies, everything that
 * was asked is answered with a fault, and it is not started again: a caged
 * front cannot exec.
 */
#pragma once

#include <stdint.h>

#include <cordon/launch.h>

struct event_base;
struct gate;

/* Takes the channel. `died` is called once, from the loop, after every open
 * question was answered. */
struct gate *gate_new(struct event_base *base, int channel, void (*died)(void *context),
                      void *context);
void gate_free(struct gate *gate); /* NULL is fine; answers nothing any more */

int gate_channel(const struct gate *gate);

/* No more orders: the gate ends, and `died` says when it has. */
void gate_leave(struct gate *gate);

/* The answer to a question. `fd` is a sealed memfd with the file's bytes or -1,
 * and the callee's to close. Where resolved->code is not 0, resolved->error says why. */
typedef void gate_answer(void *context, const struct resolved *resolved, int fd);

/* As struct resolve (launch.h) has it; a member that is left out is a file, or NULL. */
struct gate_ask {
    const char *owner; /* on whose behalf */
    enum resolve_what what;
    const char *directory, *path;
    gate_answer *answer;
    void *context;
};

/* The strings are copied. The answer comes from the loop, never from inside this call. */
int gate_ask(struct gate *gate, const struct gate_ask *ask, uint32_t *ticket,
             struct error *err) must_check;

/* The answer is not wanted any more. */
void gate_forget(struct gate *gate, uint32_t ticket);
