/* SPDX-License-Identifier: Apache-2.0 */
/* egress_order.c - an order: who may be reached, on the wire and off it. */
#include "egress_order.h"

#include <errno.h>
#include <string.h>

#include "frame.h"

#define DIRECT_MAX 256

/* A rule without a port is about these. */
static const uint16_t usual_ports[] = { 443, 80 };

static void upstream_done(struct egress_upstream *upstream)
{
    free(upstream->host);
    free(upstream->authorization);
}

void egress_order_done(struct egress_order *order)
{
    for (size_t i = 0; i < order->rule_count; i++)
        free(order->rules[i].name);
    free(order->rules);
    upstream_done(&order->plain);
    upstream_done(&order->tunnel);
    list_free(order->direct);
    *order = (struct egress_order){ 0 };
}

void egress_order_permit(struct egress_order *order, const char *name, uint16_t port, bool inward)
{
    for (size_t i = 0; i < order->rule_count; i++) {
        const struct host_rule *rule = &order->rules[i];
        if (strcmp(rule->name, name) == 0 && rule->port == port && rule->inward == inward)
            return;
    }
    order->rules = xrealloc(order->rules, (order->rule_count + 1) * sizeof(*order->rules));
    order->rules[order->rule_count++] =
        (struct host_rule){ .name = xstrdup(name), .port = port, .inward = inward };
}

void egress_order_begin(struct egress_order *order, const struct policy *policy, uint64_t cpu_ms)
{
    *order = (struct egress_order){ .cpu_ms = cpu_ms };
    memcpy(order->policy, policy->name, sizeof(order->policy));
    for (size_t i = 0; i < policy->host_count; i++)
        egress_order_permit(order, policy->hosts[i].name, policy->hosts[i].port,
                            policy->hosts[i].inward);
}

/* --- matching ------------------------------------------------------------------- */

static bool port_matches(const struct host_rule *rule, uint16_t port)
{
    for (size_t i = 0; !rule->port && i < COUNT(usual_ports); i++)
        if (usual_ports[i] == port)
            return true;
    return rule->port == port;
}

/* "*.example.org" is everything below example.org and not example.org itself. */
static bool name_matches(const struct host_rule *rule, const struct host *to)
{
    if (!starts_with(rule->name, "*."))
        return strcmp(rule->name, to->name) == 0;
    return to->kind == HOST_NAMED && ends_with(to->name, rule->name + 1) &&
           strlen(to->name) >= strlen(rule->name);
}

bool egress_rule_permits(const struct host_rule *rule, const struct host *to)
{
    return port_matches(rule, to->port) && name_matches(rule, to);
}

const struct host_rule *egress_order_rule(const struct egress_order *order, const struct host *to)
{
    const struct host_rule *found = NULL;
    for (size_t i = 0; i < order->rule_count; i++) {
        const struct host_rule *rule = &order->rules[i];
        if (egress_rule_permits(rule, to) && (!found || rule->inward))
            found = rule;
    }
    return found;
}

/* One word of NO_PROXY, as curl and Python read it: a name is itself and all below it. */
static bool word_matches(const char *word, const struct host *to)
{
    struct host host;
    if (strcmp(word, "*") == 0)
        return true;
    if (*word == '*')
        word++;
    if (*word == '.')
        word++;
    if (!host_parse(word, strlen(word), &host) || (host.port && host.port != to->port))
        return false;
    size_t len = strlen(host.name), all = strlen(to->name);
    return strcmp(host.name, to->name) == 0 ||
           (to->kind == HOST_NAMED && all > len && to->name[all - len - 1] == '.' &&
            strcmp(to->name + all - len, host.name) == 0);
}

const struct egress_upstream *egress_order_upstream(const struct egress_order *order,
                                                    const struct host *to, bool tunnel)
{
    const struct egress_upstream *upstream = tunnel ? &order->tunnel : &order->plain;
    if (!upstream->host)
        return NULL;
    for (size_t i = 0; i < list_len(order->direct); i++)
        if (word_matches(order->direct[i], to))
            return NULL;
    return upstream;
}

/* --- the wire --------------------------------------------------------------------- */

static void put_upstream(struct str *out, const struct egress_upstream *upstream)
{
    frame_put_text(out, upstream->host);
    frame_put_u32(out, upstream->port);
    frame_put_text(out, upstream->authorization);
}

static uint16_t get_port(struct frame_reader *in)
{
    uint32_t port = frame_u32(in);
    if (port > UINT16_MAX)
        in->bad = true;
    return in->bad ? 0 : (uint16_t)port;
}

static void get_upstream(struct frame_reader *in, struct egress_upstream *upstream)
{
    upstream->host = frame_text(in);
    upstream->port = get_port(in);
    upstream->authorization = frame_text(in);
}

int egress_order_encode(const struct egress_order *order, struct str *out, struct error *err)
{
    if (order->rule_count > EGRESS_RULES_MAX)
        return fail_policy(err, E2BIG, "more than %d hosts", EGRESS_RULES_MAX);
    frame_put_u8(out, EGRESS_ORDER);
    frame_put_text(out, order->policy);
    frame_put_u32(out, (uint32_t)order->rule_count);
    for (size_t i = 0; i < order->rule_count; i++) {
        frame_put_text(out, order->rules[i].name);
        frame_put_u32(out, order->rules[i].port);
        frame_put_u8(out, order->rules[i].inward);
    }
    put_upstream(out, &order->plain);
    put_upstream(out, &order->tunnel);
    frame_put_list(out, order->direct);
    frame_put_u64(out, order->cpu_ms);
    if (out->len > EGRESS_MESSAGE_MAX)
        return fail_policy(err, E2BIG, "the hosts and proxies take %zu bytes", out->len);
    return 0;
}

int egress_order_decode(const void *frame, size_t len, struct egress_order *ret, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    *ret = (struct egress_order){ 0 };
    if (frame_u8(&in) != EGRESS_ORDER)
        in.bad = true;
    frame_fixed(&in, ret->policy, sizeof(ret->policy));
    uint32_t count = frame_u32(&in);
    if (count > EGRESS_RULES_MAX)
        in.bad = true;
    for (uint32_t i = 0; i < count && !in.bad; i++) {
        autofree char *name = frame_text(&in);
        uint16_t port = get_port(&in);
        bool inward = frame_u8(&in);
        if (!name || in.bad)
            in.bad = true;
        else
            egress_order_permit(ret, name, port, inward);
    }
    get_upstream(&in, &ret->plain);
    get_upstream(&in, &ret->tunnel);
    ret->direct = frame_list(&in, DIRECT_MAX);
    ret->cpu_ms = frame_u64(&in);
    if (frame_end(&in))
        return 0;
    egress_order_done(ret);
    return fail_host_as(err, EBADMSG, "malformed order");
}

void egress_fault_encode(const struct error *why, struct str *out)
{
    frame_put_u8(out, EGRESS_FAULT);
    frame_put_u32(out, (uint32_t)why->code);
    frame_put_text(out, why->text);
}

void egress_fault_decode(const void *frame, size_t len, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    char text[ERROR_TEXT_MAX];
    if (frame_u8(&in) != EGRESS_FAULT)
        in.bad = true;
    uint32_t code = frame_u32(&in);
    frame_fixed(&in, text, sizeof(text));
    if (!frame_end(&in) || code == 0)
        (void)fail_host_as(err, EIO, "it ended");
    else
        (void)fail_host_as(err, (int)code, "%s", text);
}

void egress_denied_encode(const struct outcome *outcome, struct str *out)
{
    frame_put_u8(out, EGRESS_DENIED);
    frame_put_u32(out, outcome->denied_count);
    for (unsigned i = 0; i < outcome->denied_count; i++) {
        frame_put_text(out, outcome->denied[i].name);
        frame_put_u64(out, outcome->denied[i].count);
    }
    frame_put_u64(out, outcome->denied_unlisted);
}

bool egress_denied_decode(const void *frame, size_t len, struct outcome *into)
{
    struct frame_reader in = frame_read(frame, len);
    if (frame_u8(&in) != EGRESS_DENIED)
        in.bad = true;
    uint32_t count = frame_u32(&in);
    if (count > DENIED_MAX)
        in.bad = true;
    for (uint32_t i = 0; i < count && !in.bad; i++) {
        char name[DENIED_NAME_MAX];
        frame_fixed(&in, name, sizeof(name));
        uint64_t times = frame_u64(&in);
        if (!in.bad)
            outcome_deny(into, DENIED_HOST, name, times);
    }
    into->denied_unlisted += frame_u64(&in);
    return frame_end(&in);
}
