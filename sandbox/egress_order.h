/* SPDX-License-Identifier: Apache-2.0 */
/* egress_order.h - what a supervisor tells the egress process of its box, and hears from it. */
#pragma once

#include <cordon/outcome.h>
#include <cordon/policy.h>

#include "host.h"
#include "str.h"

#define EGRESS_RULES_MAX 512

/* Another proxy that requests go through; no `host`: none. */
struct egress_upstream {
    char *host;
    uint16_t port;
    char *authorization; /* "Basic ...", or NULL */
};

struct egress_order {
    char policy[POLICY_NAME_MAX]; /* named in refusals */
    struct host_rule *rules;
    size_t rule_count;
    struct egress_upstream plain, tunnel; /* for http:// and for CONNECT */
    char **direct;   /* hosts that no upstream is asked for: NO_PROXY's words */
    uint64_t cpu_ms; /* of the egress process itself */
};

void egress_order_done(struct egress_order *order);

/* What a policy lets out. */
void egress_order_begin(struct egress_order *order, const struct policy *policy, uint64_t cpu_ms);

/* Adds a rule; nothing where it stands already. */
void egress_order_permit(struct egress_order *order, const char *name, uint16_t port, bool inward);

/* Does one rule let `to` (with its port) out? */
bool egress_rule_permits(const struct host_rule *rule, const struct host *to);

/* The rule that lets `to` (with its port) out, or NULL. */
const struct host_rule *egress_order_rule(const struct egress_order *order, const struct host *to);

/* The upstream for a request, or NULL where it goes to its host directly. */
const struct egress_upstream *egress_order_upstream(const struct egress_order *order,
                                                    const struct host *to, bool tunnel);

/* One datagram each over the socket between the two; the first byte says which. */
enum egress_message {
    EGRESS_ORDER = 'o',    /* to the process: first of all */
    EGRESS_LISTENER = 'l', /* to the process: the box's listening socket rides along */
    EGRESS_READY = 'r',    /* from it: it stands in its cage */
    EGRESS_FAULT = 'f',    /* from it: a sentence */
    EGRESS_DENIED = 'd',   /* from it, when the supervisor is done: what was refused */
};

#define EGRESS_MESSAGE_MAX (160 * 1024) /* every rule with the longest name */

int egress_order_encode(const struct egress_order *order, struct str *out,
                        struct error *err) must_check;
int egress_order_decode(const void *frame, size_t len, struct egress_order *ret,
                        struct error *err) must_check;

void egress_fault_encode(const struct error *why, struct str *out);
/* What the process had to say instead of READY. */
void egress_fault_decode(const void *frame, size_t len, struct error *err);

/* The hosts among what was denied. */
void egress_denied_encode(const struct outcome *outcome, struct str *out);
bool egress_denied_decode(const void *frame, size_t len, struct outcome *into);
