/* SPDX-License-Identifier: Apache-2.0 */
/* policy_read.c - the text of a policy file into struct policy, all but its system calls. */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "policy_parts.h"
#include "str.h"

#define GRACE_MS_MAX 10000

/* --- limits ----------------------------------------------------------------- */

/* Beyond these a number is a mistake: a month, a pebibyte, what the kernel can count. */
static const uint64_t unit_max[] = {
    [UNIT_DURATION] = 31ULL * 24 * 3600 * 1000,
    [UNIT_SIZE] = 1ULL << 50,
    [UNIT_COUNT] = 1ULL << 22,
};

static void read_limit(struct json_reading *reading, const char *path, struct json_object *value,
                       const struct limit_field *field, struct limits *limits)
{
    uint64_t *into = limit_at(limits, field), max = unit_max[field->unit];
    char shown[32];
    if (field->unit == UNIT_COUNT) {
        (void)json_read_number(reading, path, value, 1,
                               strcmp(field->name, "inodes") ? max : UINT32_MAX, into);
        return;
    }
    if (field->unit == UNIT_DURATION)
        json_read_duration(reading, path, value, into);
    else
        json_read_size(reading, path, value, into);
    if (*into > max) {
        limit_print(max, field->unit, shown);
        json_fault_at(reading, path, "more than %s", shown);
    }
}

static void read_limits(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    if (!json_object_is_type(value, json_type_object)) {
        json_fault_at(reading, path, "an object { } is wanted");
        return;
    }
    autostr struct str names = { 0 };
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        str_printf(&names, "%s%s", i ? ", " : "", limit_fields[i].name);
    json_object_object_foreach(value, name, number)
    {
        autofree char *place = xasprintf("%s.%s", path, name);
        size_t i = 0;
        while (i < LIMIT_COUNT && strcmp(limit_fields[i].name, name) != 0)
            i++;
        if (i < LIMIT_COUNT)
            read_limit(reading, place, number, &limit_fields[i], into);
        else
            json_fault_at(reading, place, "no such limit; allowed are %s", names.data);
    }
}

static void read_grace(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    uint64_t ms = 0;
    json_read_duration(reading, path, value, &ms);
    if (ms > GRACE_MS_MAX)
        json_fault_at(reading, path, "more than 10s");
    else
        *(uint64_t *)into = ms;
}

/* --- require ---------------------------------------------------------------- */

static const char *const layer_names[] = {
    "user",      "mount",  "pid",     "net",      "ipc",          "uts",
    "cgroup_ns", "time",   "seccomp", "landlock", "capabilities", "no_new_privileges",
    "rlimits",   "egress",
};

static bool layer_valid(const char *name)
{
    for (size_t i = 0; i < COUNT(layer_names); i++)
        if (strcmp(layer_names[i], name) == 0)
            return true;
    if (!starts_with(name, "limits."))
        return false;
    name += strlen("limits.");
    size_t len = strlen(name) - ends_with(name, "~");
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (strlen(limit_fields[i].name) == len && strncmp(limit_fields[i].name, name, len) == 0)
            return true;
    return false;
}

static void add_required(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (name && layer_valid(name)) {
        list_add(into, name);
    } else if (name) {
        autostr struct str names = { 0 };
        for (size_t i = 0; i < COUNT(layer_names); i++)
            str_printf(&names, "%s, ", layer_names[i]);
        json_fault_at(reading, path,
                      "allowed are %slimits.NAME and limits.NAME~ (an approximation will do)",
                      names.data);
    }
}

static void read_require(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    json_read_array(reading, path, value, add_required, into);
}

/* --- how a run starts ------------------------------------------------------- */

static void read_builds(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    static const char *const choices[] = { "none", "isolated", NULL };
    int choice = json_read_choice(reading, path, value, choices);
    if (choice >= 0)
        *(bool *)into = choice == 1;
}

static void read_infer(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    static const char *const choices[] = { "off", "known", NULL };
    int choice = json_read_choice(reading, path, value, choices);
    if (choice >= 0)
        *(bool *)into = choice == 1;
}

static void read_start(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    static const char *const choices[] = {
        [START_SPAWN] = "spawn", [START_POOL] = "pool", [START_FORK] = "fork", NULL
    };
    struct policy *policy = into;
    int choice = json_read_choice(reading, path, value, choices);
    if (choice >= 0)
        policy->start = (__typeof__(policy->start))choice;
}

/* "package.module", as an import statement has it. */
static bool module_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    for (;; name++) {
        size_t len = strspn(name, letters);
        if (len == 0 || (name[0] >= '0' && name[0] <= '9'))
            return false;
        name += len;
        if (!*name)
            return true;
        if (*name != '.')
            return false;
    }
}

static void add_module(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (name && !module_valid(name))
        json_fault_at(reading, path, "the name of a Python module is wanted");
    else if (name)
        list_add(into, name);
}

static void read_preload(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    json_read_array(reading, path, value, add_module, into);
}

/* --- the whole -------------------------------------------------------------- */

static void read_version(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    (void)into;
    uint64_t version;
    (void)json_read_number(reading, path, value, 1, 1, &version);
}

static void read_name(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    const char *name = json_read_string(reading, path, value);
    if (name && (!name_valid(name) || strcmp(name, GROUPS_NAME) == 0))
        json_fault_at(reading, path,
                      "a name has 1 to %d letters, digits, '.', '_' or '-', does not begin with "
                      "'.' and is not \"" GROUPS_NAME "\"",
                      POLICY_NAME_MAX - 1);
    else if (name)
        (void)snprintf(into, POLICY_NAME_MAX, "%s", name);
}

#define AT(member) offsetof(struct policy, member)

static const struct json_member members[] = {
    { .name = "version", .read = read_version, .required = true },
    { .name = "name", .read = read_name, .offset = AT(name), .required = true },
    { .name = "purpose", .read = json_read_text_member, .offset = AT(purpose) },
    { .name = "limits", .read = read_limits, .offset = AT(limits) },
    { .name = "network", .read = policy_read_network },
    { .name = "files", .read = policy_read_files },
    { .name = "workspace", .read = policy_read_workspace },
    { .name = "environment", .read = policy_read_environment },
    { .name = "syscalls", .read = policy_read_syscalls },
    { .name = "require", .read = read_require, .offset = AT(require) },
    { .name = "builds", .read = read_builds, .offset = AT(builds_isolated) },
    { .name = "infer", .read = read_infer, .offset = AT(infer_known) },
    { .name = "start", .read = read_start },
    { .name = "preload", .read = read_preload, .offset = AT(preload) },
    { .name = "grace", .read = read_grace, .offset = AT(grace_ms) },
    { .name = "output_end", .read = json_read_bool, .offset = AT(output_end) },
    { 0 },
};

int policy_parse_report(const struct sandbox *sandbox, const char *source, const char *text,
                        size_t len, FILE *report, struct policy **ret, struct error *err)
{
    const struct groups *groups = groups_get(sandbox, err);
    if (!groups)
        return -err->code;
    struct json_reading reading = {
        .source = source, .text = text, .len = len, .err = err, .report = report, .context = groups
    };
    autojson struct json_object *root = json_read_text(&reading);
    if (!root)
        return -err->code;
    autopolicy struct policy *policy = xcalloc(1, sizeof(*policy));
    policy->source = xstrdup(source);
    policy->otherwise = ENOSYS;
    json_read_object(&reading, "", root, members, policy);
    if (reading.faults)
        return -err->code;
    *ret = TAKE(&policy);
    return 0;
}

static void rule_done(struct syscall_rule *rule)
{
    list_free(rule->calls);
    for (size_t i = 0; i < rule->when_count; i++)
        free(rule->when[i].values);
    free(rule->when);
    free(rule->why);
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (size_t i = 0; i < policy->host_count; i++)
        free(policy->hosts[i].name);
    for (size_t i = 0; i < policy->file_count; i++)
        policy_file_done(&policy->files[i]);
    for (size_t i = 0; i < policy->syscall_count; i++)
        rule_done(&policy->syscalls[i]);
    char **lists[] = { policy->protect,  policy->env_set, policy->env_accept,
                       policy->env_pass, policy->require, policy->preload };
    for (size_t i = 0; i < COUNT(lists); i++)
        list_free(lists[i]);
    void *single[] = { policy->purpose, policy->source,   policy->hosts,   policy->hosts_why,
                       policy->files,   policy->syscalls, policy->program, policy };
    for (size_t i = 0; i < COUNT(single); i++)
        free(single[i]);
}
