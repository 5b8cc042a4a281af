/* SPDX-License-Identifier: Apache-2.0 */
/* policy_network.c - a policy's "network": none, or names of hosts. */
#include <errno.h>
#include <string.h>

#include "egress_address.h"
#include "host.h"
#include "policy_parts.h"
#include "str.h"

static bool has_upper(const char *text)
{
    return strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

static void add_host(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    struct policy *policy = into;
    const char *text = json_read_string(reading, path, value);
    if (!text)
        return;
    struct host host;
    if (!host_parse(text, strlen(text), &host) || has_upper(text)) {
        json_fault_at(reading, path,
                      "\"%.100s\" is not a host: lower-case \"name\", \"name:port\", \"*.name\" "
                      "with a dot in name, or an address (IPv6 in brackets)",
                      text);
        return;
    }
    policy->hosts = xrealloc(policy->hosts, (policy->host_count + 1) * sizeof(*policy->hosts));
    policy->hosts[policy->host_count++] =
        (struct host_rule){ .name = xstrdup(host.name), .port = host.port };
}

static void read_hosts(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_array(reading, path, value, add_host, into);
}

static const struct json_member network_members[] = {
    { .name = "hosts", .read = read_hosts, .required = true },
    { .name = "private", .read = json_read_bool, .offset = offsetof(struct policy, hosts_private) },
    { .name = "why", .read = json_read_text_member, .offset = offsetof(struct policy, hosts_why) },
    { 0 },
};

static bool leads_inward(const char *name)
{
    static const struct attached nowhere;
    struct sockaddr_storage address;
    const char *why;
    return numeric_address(name, &address) &&
           address_reach(&nowhere, (struct sockaddr *)&address, &why) != REACH_PUBLIC;
}

void policy_read_network(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    static const char *const none[] = { "none", NULL };
    struct policy *policy = into;
    if (!json_object_is_type(value, json_type_object)) {
        if (json_object_is_type(value, json_type_string))
            (void)json_read_choice(reading, path, value, none);
        else
            json_fault_at(reading, path, "\"none\" or {\"hosts\": [...]} is wanted");
        return;
    }
    policy->hosts_allowed = true;
    json_read_object(reading, path, value, network_members, policy);
    bool wide = policy->hosts_private;
    for (size_t i = 0; i < policy->host_count; i++) {
        struct host_rule *rule = &policy->hosts[i];
        wide = wide || rule->name[0] == '*';
        rule->inward = policy->hosts_private;
        if (!rule->inward && leads_inward(rule->name))
            json_fault_at(reading, path,
                          "%s is an address of a private network or of a host itself: it needs "
                          "\"private\": true",
                          rule->name);
    }
    if (wide && !policy->hosts_why)
        json_fault_at(reading, path,
                      "\"why\" is missing: a wildcard and \"private\": true need a reason");
}
