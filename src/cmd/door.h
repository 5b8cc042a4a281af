/* SPDX-License-Identifier: Apache-2.0 */
/* door.h - where a server's clients come in: one over standard input and output, or many over
 * HTTP. The rest of the server does not know which.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "cmd/web.h"

struct door;
struct event_base;
struct hub;
struct owners;
struct porter;

struct door_parts {
    struct event_base *base;
    int *in, *out;   /* protocol, unless there is a listener: then closed; taken */
    struct web *web; /* its listener is taken */
    struct owners *owners;
    struct hub *hub;
    struct porter *porter; /* who asks each over HTTP for a token; NULL: nobody does */

    void (*idle)(void *context);           /* the door may be quiet now */
    void (*closed)(void *context);         /* the one client has gone; comes once */
    const char *(*unready)(void *context); /* why nothing would be served now; NULL: it would */
    void *context;
};

/* A loop that can wait for what comes through it. */
struct event_base *door_loop(int in, int out, const struct web *web, struct error *err);

struct door *door_new(const struct door_parts *parts);
void door_free(struct door *door); /* NULL is fine */

/* Nobody comes in any more, and what was asked is cancelled. `silent`: over standard output
 * nothing is said about that but to who listens for changes; over HTTP each request still gets its
 * end. */
void door_stop(struct door *door, bool silent);

/* Nobody comes in any more, and who only listens is told to go; what was asked gets its answer. Of
 * a door to a socket. */
void door_retire(struct door *door);

/* Requests that are not answered yet. */
size_t door_calls(const struct door *door);

/* Everything that was asked is answered, and the answers were taken. */
bool door_quiet(const struct door *door);
