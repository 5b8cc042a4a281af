/* SPDX-License-Identifier: Apache-2.0 */
/* policy_network.c - a policy's "network": none, or names of hosts. */
#include <errno.h>
#include <string.h>

#include "policy_parts.h"
#include "str.h"

static bool label_valid(const char *label, size_t len)
{
    if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = label[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* A lower-case host name, or "*." and one with two labels at least: "*.com" is everybody. */
static bool host_valid(const char *name)
{
    bool wild = starts_with(name, "*.");
    const char *at = wild ? name + 2 : name;
    if (strlen(at) > 253)
        return false;
    size_t labels = 0;
    for (;; labels++, at++) {
        size_t len = strcspn(at, ".");
        if (!label_valid(at, len))
            return false;
        at += len;
        if (!*at)
            return !wild || labels >= 1;
    }
}

static void add_host(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    struct policy *policy = into;
    const char *text = json_read_string(reading, path, value);
    if (!text)
        return;
    autofree char *name = xstrdup(text);
    char *colon = strchr(name, ':'), *end = NULL;
    unsigned long port = 0;
    if (colon) {
        *colon++ = '\0';
        port = strspn(colon, "0123456789") == strlen(colon) ? strtoul(colon, &end, 10) : 0;
    }
    if (!host_valid(name) || (colon && (port == 0 || port > UINT16_MAX))) {
        json_fault_at(reading, path,
                      "\"%.100s\" is not a host: lower-case \"name\", \"name:port\" or \"*.name\" "
                      "with a dot in name",
                      text);
        return;
    }
    policy->hosts = xrealloc(policy->hosts, (policy->host_count + 1) * sizeof(*policy->hosts));
    policy->hosts[policy->host_count++] =
        (struct host_rule){ .name = TAKE(&name), .port = (uint16_t)port };
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
    for (size_t i = 0; i < policy->host_count; i++)
        wide = wide || policy->hosts[i].name[0] == '*';
    if (wide && !policy->hosts_why)
        json_fault_at(reading, path,
                      "\"why\" is missing: a wildcard and \"private\": true need a reason");
}
