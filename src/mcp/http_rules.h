/* SPDX-License-Identifier: Apache-2.0 */
/* http_rules.h - what MCP asks of an HTTP request ("Transports", Streamable HTTP).
 *
 * Pure functions on texts of headers and on a message that was parsed once; nothing of them
 * knows connections.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "mcp/rpc.h"

struct offer;

#define HEADER_VERSION "MCP-Protocol-Version"
#define HEADER_SESSION "Mcp-Session-Id"

/* Where only this machine can connect (`local`), a Host that names another was chosen by somebody
 * who wants to be taken for a neighbour (DNS rebinding). NULL: HTTP/1.0, which has none. */
bool rule_host(const char *host, bool local);

/* A page of a browser may ask its own server: this one. Who is no browser sends none (NULL). */
bool rule_origin(const char *origin, const char *host, bool local);

/* Does one value of Accept take this type, such as "text/event-stream"? */
bool rule_accepts(const char *accept, const char *type);

bool rule_is_json(const char *content_type); /* NULL: it is not */

/* Of a value that may be written "=?base64?...?=": the text, the caller's; NULL where it is
 * malformed: no UTF-8, not in its one canonical form, or with a NUL. */
char *rule_decode(const char *value);

/* The status for a JSON-RPC code, 0 for a result; `modern`: in that era, which asks for more. */
int rule_status(int code, bool modern);

/* The headers of the request that a message came in. */
struct rule_headers {
    /* The first value, NULL for none, and how many there are. */
    const char *(*find)(void *context, const char *name, unsigned *count);
    void *context;
    const struct offer *offer; /* whose tools may declare headers of their own */
};

/* Do they say what the body says? 0, or the code to refuse the message with, and why. What the
 * body has wrong by itself is left to others. */
int rule_compare(const struct rule_headers *headers, const struct rpc_message *message,
                 struct error *err) must_check;

/* For a request whose headers are of the legacy era: its body is too. */
int rule_legacy(const struct rpc_message *message, struct error *err) must_check;
