/* SPDX-License-Identifier: Apache-2.0 */
/* policy_groups.c - groups.json: names for lists of system calls. */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "policy_parts.h"
#include "str.h"
#include "syscalls.h"

/* Every groups.json that was read. They live as long as the process, because
 * policies and filters point into them. */
static struct groups **known;
static size_t known_count;

static struct groups *find_known(const char *path)
{
    for (size_t i = 0; i < known_count; i++)
        if (strcmp(known[i]->path, path) == 0)
            return known[i];
    return NULL;
}

static void groups_forget(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->list[i].name);
        free(groups->list[i].help);
        list_free(groups->list[i].calls);
    }
    free(groups->list);
    groups->list = NULL;
    groups->count = 0;
}

static void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    groups_forget(groups);
    free(groups->path);
    free(groups->text);
    free(groups);
}

static void own_groups(struct groups **groups)
{
    groups_free(*groups);
}

static void add_call(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (!name)
        return;
    if (syscall_number(name) == SYSCALL_UNKNOWN)
        json_fault_at(reading, path, "no system call is named \"%.60s\"", name);
    else
        list_add(into, name);
}

static void read_calls(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_array(reading, path, value, add_call, into);
}

static const struct json_member group_members[] = {
    { .name = "help",
      .read = json_read_text_member,
      .offset = offsetof(struct group, help),
      .required = true },
    { .name = "calls",
      .read = read_calls,
      .offset = offsetof(struct group, calls),
      .required = true },
    { 0 },
};

static void read_groups(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    struct groups *groups = into;
    if (!json_object_is_type(value, json_type_object)) {
        json_fault_at(reading, path, "an object { } is wanted");
        return;
    }
    json_object_object_foreach(value, name, members)
    {
        autofree char *place = xasprintf("%s.%s", path, name);
        if (name[0] != '@' || !name_valid(name + 1))
            json_fault_at(reading, place, "a group's name is \"@\" and letters");
        groups->list = xrealloc(groups->list, (groups->count + 1) * sizeof(*groups->list));
        struct group *group = &groups->list[groups->count++];
        *group = (struct group){ .name = xstrdup(name) };
        json_read_object(reading, place, members, group_members, group);
    }
}

static void read_version(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    (void)into;
    uint64_t version;
    (void)json_read_number(reading, path, value, 1, 1, &version);
}

static const struct json_member members[] = {
    { .name = "version", .read = read_version, .required = true },
    { .name = "groups", .read = read_groups, .required = true },
    { 0 },
};

static int groups_parse(struct groups *groups, struct error *err)
{
    struct json_reading reading = {
        .source = groups->path, .text = groups->text, .len = groups->len, .err = err
    };
    autojson struct json_object *root = json_read_text(&reading);
    if (root)
        json_read_object(&reading, "", root, members, groups);
    return reading.faults ? -err->code : 0;
}

static struct groups *groups_read(const char *path, struct error *err)
{
    struct groups *groups __attribute__((cleanup(own_groups))) = xcalloc(1, sizeof(*groups));
    groups->path = xstrdup(path);
    if (policy_text(path, &groups->text, &groups->len, err) < 0)
        return NULL;
    known = xrealloc(known, (known_count + 1) * sizeof(struct groups *));
    known[known_count] = TAKE(&groups);
    return known[known_count++];
}

static struct groups *groups_find(const struct sandbox *sandbox, struct error *err)
{
    for (char *const *dir = sandbox->policy_dirs; dir && *dir; dir++) {
        autofree char *path = path_join(*dir, GROUPS_NAME ".json");
        struct groups *groups = find_known(path);
        struct error here = { 0 };
        if (!groups)
            groups = groups_read(path, &here);
        if (groups)
            return groups;
        if (here.code != ENOENT) {
            *err = here;
            return NULL;
        }
    }
    /* Not ENOENT: that is what a policy that is not there says. */
    (void)fail_host_as(err, EINVAL, "no policy directory has a " GROUPS_NAME ".json");
    return NULL;
}

const struct groups *groups_text(const struct sandbox *sandbox, struct error *err)
{
    return groups_find(sandbox, err);
}

const struct groups *groups_get(const struct sandbox *sandbox, struct error *err)
{
    struct groups *groups = groups_find(sandbox, err);
    if (groups && !groups->parsed) {
        groups_forget(groups); /* what a failure before has left */
        if (groups_parse(groups, err) < 0)
            return NULL;
        groups->parsed = true;
    }
    return groups;
}

const struct group *group_find(const struct groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->list[i].name, name) == 0)
            return &groups->list[i];
    return NULL;
}

char *const *policy_group(const struct sandbox *sandbox, const char *name, struct error *err)
{
    const struct groups *groups = groups_get(sandbox, err);
    if (!groups)
        return NULL;
    const struct group *group = group_find(groups, name);
    if (!group)
        (void)fail_host_as(err, ENOENT, "%s has no group %.60s", groups->path, name);
    return group ? group->calls : NULL;
}
