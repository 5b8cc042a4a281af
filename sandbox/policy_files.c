/* SPDX-License-Identifier: Apache-2.0 */
/* policy_files.c - a policy's "files" and "workspace": what a box sees of the host. */
#include <errno.h>
#include <string.h>

#include "policy_parts.h"
#include "str.h"

/* --- files ------------------------------------------------------------------ */

/* In the order of enum file_kind. */
static const struct kind_row {
    const char *key;
    bool from_host;
    bool needs_why;
    const char *only; /* the one place where it can stand */
} kinds[] = {
    [FILE_READ] = { "read", true, false, NULL },
    [FILE_WRITE] = { "write", true, true, NULL },
    [FILE_SCRATCH] = { "scratch", false, false, NULL },
    [FILE_PROC] = { "proc", false, false, "/proc" },
    [FILE_DEV] = { "dev", false, false, "/dev" },
    [FILE_DEVICE] = { "device", true, true, NULL },
    [FILE_PROC_FULL] = { "proc", false, true, "/proc" }, /* written as "full" */
};

static const char *inside(const struct file_rule *rule)
{
    return rule->at ? rule->at : rule->path;
}

static void judge_file(struct json_reading *reading, const char *path, const struct policy *policy,
                       const struct file_rule *rule)
{
    const struct kind_row *kind = &kinds[rule->kind];
    if (rule->at && !kind->from_host)
        json_fault_at(reading, path, "\"at\" belongs to read, write and device");
    else if (kind->needs_why && !rule->why)
        json_fault_at(reading, path, "\"why\" is missing: %s%s opens the host and needs a reason",
                      rule->kind == FILE_PROC_FULL ? "a full " : "", kind->key);
    else if (kind->only && strcmp(rule->path, kind->only) != 0)
        json_fault_at(reading, path, "%s is made at %s and nowhere else", kind->key, kind->only);
    else if (strcmp(inside(rule), "/") == 0)
        json_fault_at(reading, path, "\"/\" cannot be put into a box");
    else if (rule->kind == FILE_DEVICE && !path_within(rule->path, "/dev"))
        json_fault_at(reading, path, "a device lies under /dev");
    for (size_t i = 0; i < policy->file_count; i++)
        if (strcmp(inside(&policy->files[i]), inside(rule)) == 0)
            json_fault_at(reading, path, "a second rule for %.100s inside the box", inside(rule));
}

static void read_kind(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    struct file_rule *rule = into;
    const char *key = strrchr(path, '.') + 1;
    if (rule->path) {
        json_fault_at(reading, path, "one of read, write, scratch, proc, dev and device per rule");
        return;
    }
    if (strcmp(key, "proc") == 0 && json_object_is_type(value, json_type_string) &&
        strcmp(json_object_get_string(value), "full") == 0) {
        rule->path = xstrdup("/proc");
        rule->kind = FILE_PROC_FULL;
        return;
    }
    json_read_path(reading, path, value, &rule->path);
    for (size_t i = FILE_PROC_FULL; i-- > 0;)
        if (strcmp(kinds[i].key, key) == 0)
            rule->kind = (enum file_kind)i;
}

static const struct json_member file_members[] = {
    { .name = "read", .read = read_kind },
    { .name = "write", .read = read_kind },
    { .name = "scratch", .read = read_kind },
    { .name = "proc", .read = read_kind },
    { .name = "dev", .read = read_kind },
    { .name = "device", .read = read_kind },
    { .name = "at", .read = json_read_path, .offset = offsetof(struct file_rule, at) },
    { .name = "why", .read = json_read_text_member, .offset = offsetof(struct file_rule, why) },
    { 0 },
};

void policy_file_done(struct file_rule *rule)
{
    free(rule->path);
    free(rule->at);
    free(rule->why);
}

static void add_file(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    struct policy *policy = into;
    struct file_rule rule = { 0 };
    unsigned before = reading->faults;
    json_read_object(reading, path, value, file_members, &rule);
    if (reading->faults == before && !rule.path)
        json_fault_at(reading, path, "one of read, write, scratch, proc, dev and device is wanted");
    else if (reading->faults == before)
        judge_file(reading, path, policy, &rule);
    if (reading->faults != before) {
        policy_file_done(&rule);
        return;
    }
    policy->files = xrealloc(policy->files, (policy->file_count + 1) * sizeof(*policy->files));
    policy->files[policy->file_count++] = rule;
}

void policy_read_files(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_array(reading, path, value, add_file, into);
}

/* --- workspace -------------------------------------------------------------- */

static void read_mode(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    static const char *const modes[] = {
        [WORKSPACE_NONE] = "none",
        [WORKSPACE_READ] = "ro",
        [WORKSPACE_WRITE] = "rw",
        [WORKSPACE_OVERLAY_KEEP] = "overlay-keep",
        [WORKSPACE_OVERLAY_DISCARD] = "overlay-discard",
        NULL,
    };
    int mode = json_read_choice(reading, path, value, modes);
    if (mode >= 0)
        *(enum workspace_mode *)into = (enum workspace_mode)mode;
}

static void add_protected(struct json_reading *reading, const char *path, struct json_object *value,
                          void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (name && (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
        json_fault_at(reading, path, "a name at the top of the workspace is wanted, without '/'");
    else if (name)
        list_add(into, name);
}

static void read_protect(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    json_read_array(reading, path, value, add_protected, into);
}

static const struct json_member workspace_members[] = {
    { .name = "mode",
      .read = read_mode,
      .offset = offsetof(struct policy, workspace),
      .required = true },
    { .name = "protect", .read = read_protect, .offset = offsetof(struct policy, protect) },
    { 0 },
};

void policy_read_workspace(struct json_reading *reading, const char *path,
                           struct json_object *value, void *into)
{
    json_read_object(reading, path, value, workspace_members, into);
}
