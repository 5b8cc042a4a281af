/* SPDX-License-Identifier: Apache-2.0 */
/* conversation.h - the inside of a session, for the files of the protocol core alone. */
#pragma once

#include "mcp/hub.h"
#include "mcp/method.h"
#include "mcp/offer.h"
#include "mcp/rpc.h"
#include "mcp/session.h"
#include "mcp/task.h"

struct session {
    struct session_parts parts;
    const struct version *version;    /* NULL before initialize */
    struct json_object *capabilities; /* of the client, from initialize */
    enum say_level level;             /* from logging/setLevel */
    struct call *calls;
    size_t call_count, call_bytes; /* of those in flight */
    struct call *serving;          /* whose handler is on the stack; NULL once it has ended */
    unsigned depth;           /* of our own code on the stack: it is freed when that returned */
    bool freed;               /* by its owner */
    unsigned long long asked; /* requests of ours so far */
    struct listener listener; /* of the legacy era ... */
    char **subscribed;        /* ... and the addresses it subscribed to */
    char **missed;            /* of these what it could not be told yet */
    size_t listens;           /* subscriptions/listen that are open */
};

/* Rows of one page of a list. */
#define PAGE_ROWS 100

/* Messages in one batch. */
#define BATCH_MAX 256

/* Open subscriptions/listen of one conversation. */
#define LISTENS_MAX 16

/* Resources and tasks that one listener waits for, and resources that all of one owner do: they
 * are looked at (job_news.h). */
#define SUBSCRIPTIONS_MAX      256
#define SUBSCRIPTIONS_ARE      "an array of at most 256 strings, each of at most 1024 bytes"
#define TOO_MANY_SUBSCRIPTIONS "at most 256 resources may be subscribed to"

/* Members of _meta. */
#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_CLIENT       "io.modelcontextprotocol/clientInfo"
#define META_LEVEL        "io.modelcontextprotocol/logLevel"
#define META_SERVER       "io.modelcontextprotocol/serverInfo"
#define META_SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

/* Between them the session stays, whatever its owner does. */
void session_enter(struct session *session);
void session_leave(struct session *session);

struct call *call_find(const struct session *session, struct json_object *id);

/* `message->id` is not NULL. */
struct call *call_new(struct session *session, const struct rpc_message *message,
                      const struct sink *sink);

/* After a handler has returned: what it borrowed is gone. */
void call_served(struct session *session);

/* Something before its answer, whether its client is behind or not. Takes `params`. */
void call_notify(struct call *call, const char *method, struct json_object *params);
void call_send(struct call *call, const char *line);

/* call_answer() with what is complete JSON already, also the members of its era. */
void call_answer_text(struct call *call, const char *result);

/* One message that rpc_read() gave `code` for. */
enum taken session_take(struct session *session, const struct rpc_message *message, int code,
                        const struct error *err, const struct sink *sink,
                        const struct inspection *inspection);

/* All of an array. */
enum taken batch_take(struct session *session, struct json_object *list, const struct sink *sink,
                      const struct inspection *inspection);

/* Does _meta make a request one of the modern era? */
bool envelope_there(struct json_object *meta);

/* Version and capabilities of a call from its _meta. False: it was answered. */
bool envelope_take(struct call *call);

/* What every result of the modern era has. */
void envelope_put(const struct call *call, struct json_object *result);

/* What a client that was asked has come back with. False: it was answered. */
bool round_resume(struct call *call);

/* A response to a request of ours. False: to none. */
bool asking_answer(struct session *session, const struct rpc_message *message);

/* Changes are pushed from here on, and not any more. */
void session_listen(struct session *session);
void session_unlisten(struct session *session);

/* The handlers of the method table. */
void serve_discover(struct call *call);
void serve_subscribe(struct call *call);
void serve_unsubscribe(struct call *call);
void serve_listen(struct call *call);
void serve_initialize(struct call *call);
void serve_ping(struct call *call);
void serve_set_level(struct call *call);
void serve_list_tools(struct call *call);
void serve_list_prompts(struct call *call);
void serve_list_resources(struct call *call);
void serve_list_templates(struct call *call);
void serve_call_tool(struct call *call);
void serve_get_prompt(struct call *call);
void serve_read_resource(struct call *call);
void serve_complete(struct call *call);
void serve_get_task(struct call *call);
void serve_update_task(struct call *call);
void serve_cancel_task(struct call *call);

/* Borrowed; NULL where it is not there. Of parameters that method_check() has looked at. */
const char *param_text(const struct call *call, const char *name);
struct json_object *param_object(const struct call *call, const char *name);
