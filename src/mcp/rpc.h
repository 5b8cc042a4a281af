/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.h - one line of JSON-RPC 2.0, in and out, and which failure goes where.
 *
 * Pure functions: nothing here waits, opens or remembers.
 */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

#include <cordon/outcome.h>

enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_RESOURCE_NOT_FOUND = -32002, /* legacy era */
    RPC_HEADER_MISMATCH = -32020,    /* these three: modern era */
    RPC_MISSING_CAPABILITY = -32021,
    RPC_UNSUPPORTED_VERSION = -32022,
};

/* An id is kept for every call in flight and echoed: its raw text is bounded. */
#define RPC_ID_MAX 1024

struct rpc_message {
    char *id;                     /* as it came, byte for byte; NULL: a notification */
    struct json_object *root;     /* owns the members below */
    struct json_object *id_value; /* to compare with */
    const char *method;           /* NULL: a response to a request of ours */
    struct json_object *params;   /* an object, or NULL */
    struct json_object *result;   /* of a response: an object, or NULL where `failure` is one */
    struct json_object *failure;
    size_t bytes; /* of the line */
};

/* What rpc_read() returns where the line is an array: ret->root is that, and each of it is to be
 * read by rpc_read_part(). */
#define RPC_BATCH 1

/* Reads one line (not NUL-ended). Returns 0, RPC_BATCH, or the code to answer with: then
 * *err says why, and ret->id is the id to answer to where one could be read.
 * The caller ends *ret with rpc_done() either way. */
int rpc_read(const char *text, size_t len, struct rpc_message *ret, struct error *err) must_check;
void rpc_done(struct rpc_message *message);

/* The same for a part of a batch, which stays its owner's. */
int rpc_read_part(struct json_object *part, struct rpc_message *ret, struct error *err) must_check;

/* The raw id of a message of which only the beginning may be there: a string
 * or an integer of the top object, given once. NULL: none that can be echoed. */
char *rpc_find_id(const char *text, size_t len);

/* One line, without its end. rpc_result takes `result`. The strings are the
 * caller's. `id` is raw; NULL leaves it out (MCP knows no null id). */
char *rpc_result(const char *id, struct json_object *result);
char *rpc_result_text(const char *id, const char *result); /* which is JSON already */
char *rpc_error(const char *id, int code, const char *text);
char *rpc_error_with(const char *id, int code, const char *text,
                     struct json_object *data);       /* takes `data`, which may be NULL */
char *rpc_request(const char *id, const char *method, /* `id` is plain; borrows `params` */
                  struct json_object *params);
char *rpc_notification(const char *method, struct json_object *params); /* takes `params` */

/* JSON as it goes out, on one line; the caller's. */
char *rpc_text_of(struct json_object *value);

/* A JSON string of `text`, in which bytes that are not UTF-8 became U+FFFD. */
struct json_object *rpc_text(const char *text);

/* Whose move it is decides where a failure goes, here and nowhere else: what
 * the caller or a policy prevented is `refused`, what this host could not do
 * is a `fault`. Both reach a client as a tool result; -32602 and -32603 are
 * for what went wrong before a tool was reached. */
enum end blame_end(enum blame blame);
enum rpc_code blame_code(enum blame blame);
