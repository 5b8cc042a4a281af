/* SPDX-License-Identifier: Apache-2.0 */
/* conversation.h - the inside of a session, for the files of the protocol core alone. */
#pragma once

#include "mcp/hub.h"
#include "mcp/method.h"
#include "mcp/offer.h"
#include "mcp/rpc.h"
#include "mcp/session.h"

struct session {
    struct session_parts parts;
    const struct version *version;    /* NULL before initialize */
    struct json_object *capabilities; /* of the client, from initialize */
    enum say_level level;             /* from logging/setLevel */
    struct call *calls;
    size_t call_count, call_bytes; /* of those in flight */
    struct call *serving;          /* whose handler is on the stack; NULL once it has ended */
    unsigned depth; /* of our own code on the stack: it is freed when that returned */
    bool freed;     /* by its owner */
};

/* Rows of one page of a list. */
#define PAGE_ROWS 100

/* Between them the session stays, whatever its owner does. */
void session_enter(struct session *session);
void session_leave(struct session *session);

struct call *call_find(const struct session *session, struct json_object *id);

/* `message->id` is not NULL. */
struct call *call_new(struct session *session, const struct rpc_message *message,
                      const struct sink *sink);

/* The handlers of the method table. */
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

/* Borrowed; NULL where it is not there. Of parameters that method_check() has looked at. */
const char *param_text(const struct call *call, const char *name);
struct json_object *param_object(const struct call *call, const char *name);
