/* SPDX-License-Identifier: Apache-2.0 */
/* policy_environment.c - a policy's "environment": which variables a script gets. */
#include <errno.h>
#include <string.h>

#include "policy_parts.h"
#include "str.h"

static bool variable_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t len = strlen(name);
    return len > 0 && !(name[0] >= '0' && name[0] <= '9') && strspn(name, letters) == len &&
           !starts_with(name, "CORDON_");
}

static const char variable_help[] =
    "a variable's name has letters, digits and '_', no digit first and not \"CORDON_\"";

static void add_variable(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (name && !variable_valid(name))
        json_fault_at(reading, path, "%s", variable_help);
    else if (name)
        list_add(into, name);
}

static void add_accepted(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    if (json_object_is_type(value, json_type_string) &&
        strcmp(json_object_get_string(value), "*") == 0)
        list_add(into, "*");
    else
        add_variable(reading, path, value, into);
}

static void read_accept(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    json_read_array(reading, path, value, add_accepted, into);
}

static void read_pass(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    json_read_array(reading, path, value, add_variable, into);
}

static void read_set(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    if (!json_object_is_type(value, json_type_object)) {
        json_fault_at(reading, path, "an object {\"NAME\": \"value\"} is wanted");
        return;
    }
    json_object_object_foreach(value, name, text)
    {
        autofree char *place = xasprintf("%s.%s", path, name);
        bool string = json_object_is_type(text, json_type_string);
        const char *content = string ? json_object_get_string(text) : "";
        if (!variable_valid(name))
            json_fault_at(reading, place, "%s", variable_help);
        else if (!string || strlen(content) != (size_t)json_object_get_string_len(text))
            json_fault_at(reading, place, "a string without NUL is wanted");
        else
            list_add_owned(into, xasprintf("%s=%s", name, content));
    }
}

static const struct json_member environment_members[] = {
    { .name = "set", .read = read_set, .offset = offsetof(struct policy, env_set) },
    { .name = "accept", .read = read_accept, .offset = offsetof(struct policy, env_accept) },
    { .name = "pass", .read = read_pass, .offset = offsetof(struct policy, env_pass) },
    { 0 },
};

void policy_read_environment(struct json_reading *reading, const char *path,
                             struct json_object *value, void *into)
{
    json_read_object(reading, path, value, environment_members, into);
}
