/* SPDX-License-Identifier: Apache-2.0 */
/* http_inside.h - connections and requests, for the files of http alone. */
#pragma once

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"
#include "net/http_chunks.h"
#include "net/http_head.h"

struct evhttp_request;
struct evhttp_connection;
struct bufferevent;
struct connection;

struct http_request {
    struct connection *connection;
    struct evhttp_request *inside;
    void (*gone)(void *context);
    void *context;
};

/* What a connection is doing. */
enum phase {
    PHASE_NEW,    /* evhttp has not shown it to us yet */
    PHASE_IDLE,   /* no byte of a request has come */
    PHASE_HEAD,   /* some have */
    PHASE_BODY,   /* its head was whole, and fine */
    PHASE_ASKED,  /* it waits for our reply, or reads it */
    PHASE_ENDING, /* it was refused; what still comes is thrown away */
};

/* In the list of its server, which is in the order of `since`. */
struct connection {
    struct connection *next, *before;
    struct http *http;
    struct bufferevent *bytes;
    struct evhttp_connection *inside;
    struct event *timer; /* of its phase, or what is to be done outside of a callback */
    enum phase phase;
    bool served;        /* a request of it was answered */
    int refusal;        /* the status with which it is to end */
    size_t unread;      /* bytes of ours that were not sent yet */
    uint64_t unread_ns; /* since when there are some (clock.h) */
    size_t held;        /* bytes of a request that have come and are not handed on yet */
    size_t searched;    /* of them those without the end of a head */
    struct http_head head;
    struct http_chunks chunks;    /* of its body, where that comes so */
    struct http_request *request; /* PHASE_ASKED */
};

/* The request has been answered, and everything was sent. */
void connection_answered(struct connection *connection);

/* A reply has begun, or a refusal. */
void connection_counts(const struct connection *connection, int status);

/* As soon as the loop comes to it: for a client that does not read. */
void connection_cut(struct connection *connection);

/* At once; each `gone` comes. */
void connection_drop(struct connection *connection);
bool connection_ends(const struct connection *connection); /* with this reply */

void request_new(struct connection *connection, struct evhttp_request *inside);
/* Its client has gone. Tells its owner, and frees it. */
void request_lost(struct http_request *request);
