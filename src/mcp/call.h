/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one request from its arrival to its answer.
 *
 * The session owns it until it is answered; whoever handles it owns `work` and must come to
 * call_answer() or call_error() exactly once, also after `cancel`.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>

#include "mcp/sink.h"
#include "mcp/version.h"

struct method;
struct progress;
struct services;
struct session;

/* RFC 5424's, in the order of growing weight. */
enum say_level {
    SAY_DEBUG,
    SAY_INFO,
    SAY_NOTICE,
    SAY_WARNING,
    SAY_ERROR,
    SAY_CRITICAL,
    SAY_ALERT,
    SAY_EMERGENCY,
    SAY_NOTHING, /* more than any: the client wants to hear nothing */
};

struct call {
    const struct services *services;
    const char *owner;   /* who is asking; never NULL */
    const char *tool;    /* the name of the tool, else of the method */
    uint64_t arrived_ns; /* CLOCK_MONOTONIC */

    /* The handler's: its state, and how to end it early, which comes to call_answer() too,
     * maybe later. `grace` false: at once. */
    void *work;
    void (*cancel)(struct call *call, bool grace);

    struct json_object *params; /* of the request: an object or NULL; until its handler returns */
    struct json_object *meta;   /* its _meta, the same */

    /* What came of call_ask(): an object, name -> the client's answer, and the `state` that was
     * given along. NULL the first time. Borrowed, until the handler returns. */
    struct json_object *responses, *state;

    /* The session's. */
    struct session *session;
    const struct method *method;
    const struct version *version;
    struct sink sink;
    struct call *next, **link;
    char *id;
    struct json_object *id_value;
    struct json_object *capabilities;   /* of its client: an object, or NULL */
    struct json_object *progress_token; /* NULL: the client wants no progress */
    double progress;                    /* the last that was told */
    enum say_level level;               /* the least that its client wants to hear of */
    uint64_t ttl_ms;                    /* how long its result may be kept ... */
    bool shared;                        /* ... also for others than who asked */
    size_t bytes;                       /* of the message it came in */
    bool silent;                        /* the client wants no answer any more */
    bool ending;                        /* was cancelled with all others */
    struct asking *asking;              /* requests of ours that its client has not answered */
};

/* Sends `result` (taken) unless the client wants none, and ends the call. */
void call_answer(struct call *call, struct json_object *result);

/* Ends it with an error of the protocol (rpc.h). `data` (taken) may be NULL. */
void call_error(struct call *call, int code, const char *text);
void call_error_with(struct call *call, int code, const char *text, struct json_object *data);

/* The same for an address with nothing behind it, whose code depends on the era. */
void call_absent(struct call *call, const char *uri, const char *text);

/* The answer to completion/complete: of `values` (NULL-ended) the first hundred; `total`: how
 * many there are in all. */
void call_complete(struct call *call, char *const *values, size_t total);

/* How long a client of the modern era may keep what is answered; without it not at all.
 * `shared`: a cache between us may give it to others. */
void call_keepable(struct call *call, uint64_t ttl_ms, bool shared);

/* Tells the client how far it is, where it asked to be told and reads what it is sent.
 * What a client is told always grows (MCP, "Progress"), whatever `progress` does. */
void call_progress(struct call *call, const struct progress *progress);

/* Tells the client something, where it wants to hear of that level. Takes `data`, which is any
 * JSON; `logger` may be NULL. */
void call_log(struct call *call, enum say_level level, const char *logger,
              struct json_object *data);

/* SAY_NOTHING: there is no such level. */
enum say_level say_level_find(const char *name);

/* Lets go of the connection that this request came on, where a client can come back for the rest
 * (2025-11-25, "Resumability"); else nothing happens. */
void call_leave(struct call *call);

/* Has the client declared a capability, such as "sampling", "elicitation.url" or
 * "extensions.io.modelcontextprotocol/tasks"? What is before the first dot is the capability, the
 * rest a member of it. "elicitation.form" is there also where elicitation is an empty object. */
bool call_can(const struct call *call, const char *capability);

/* Ends the call, as its client did not declare `capability` (-32021 in the modern era). */
void call_lacks(struct call *call, const char *capability);

/* Asks the client, who has a person, a model or files that we have not. `requests` (taken, may be
 * NULL): an object, name -> {"method", "params"}, of sampling/createMessage, elicitation/create and
 * roots/list. `state` (taken, may be NULL): what the handler wants to find again; the client never
 * sees it. Then the handler is called again from its beginning with call->responses and
 * call->state: in the modern era in a new call, when the client comes back; in the legacy era in
 * this one, when it has answered each request. Names that are missing in `responses` may be asked
 * again. An answer that is an error is an object whose only member is `error`. Only of tools/call,
 * prompts/get and resources/read, and from within the handler; `work` is to be given up before. A
 * client that cannot be asked so is answered here (call_lacks()). */
void call_ask(struct call *call, struct json_object *requests, struct json_object *state);
