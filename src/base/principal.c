/* SPDX-License-Identifier: Apache-2.0 */
/* principal.c - the principals of a configuration, by tables. */
#include "principal.h"

#include <stdio.h>
#include <string.h>

#include "principal_read.h"
#include "str.h"

#define COUNT_MAX 1000000000ULL

/* --- scopes -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bits; /* with what it includes */
} scopes[] = {
    { "run", SCOPE_RUN },
    { "jobs", SCOPE_JOBS },
    { "scripts", SCOPE_SCRIPTS },
    { "admin", SCOPES_ALL },
    { NULL, 0 },
};

const char *scope_name(size_t index)
{
    return index < SCOPE_COUNT ? scopes[index].name : NULL;
}

static unsigned scope_bits(const char *word, size_t len)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (strlen(scopes[i].name) == len && strncmp(scopes[i].name, word, len) == 0)
            return scopes[i].bits;
    return 0;
}

unsigned scopes_parse(const char *words)
{
    unsigned bits = 0;
    while (*words) {
        size_t len = strcspn(words, " ");
        bits |= scope_bits(words, len);
        words += len;
        words += strspn(words, " ");
    }
    return bits;
}

char *scopes_print(unsigned bits)
{
    struct str text = { 0 };
    for (size_t i = 0; i < SCOPE_COUNT; i++)
        if (bits & 1U << i)
            str_printf(&text, "%s%s", text.len > 0 ? " " : "", scopes[i].name);
    return text.data ? str_take(&text) : xstrdup("");
}

static void add_scope(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    const char *names[SCOPE_COUNT + 1];
    for (size_t i = 0; i <= SCOPE_COUNT; i++)
        names[i] = scopes[i].name;
    int which = json_read_choice(reading, path, value, names);
    if (which >= 0)
        *(unsigned *)into |= scopes[which].bits;
}

static void read_scopes(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    *(unsigned *)into = 0;
    json_read_array(reading, path, value, add_scope, into);
}

/* --- one principal --------------------------------------------------------------------- */

static void read_count(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    (void)json_read_number(reading, path, value, 0, COUNT_MAX, into);
}

/* Of what there is none of, nothing could ever run. */
static void read_places(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    (void)json_read_number(reading, path, value, 1, COUNT_MAX, into);
}

#define AT(member) offsetof(struct principal, member)

static const struct json_member quota_members[] = {
    { .name = "running", .read = read_places, .offset = AT(quotas.running) },
    { .name = "waiting", .read = read_count, .offset = AT(quotas.waiting) },
    { .name = "memory", .read = json_read_size, .offset = AT(quotas.memory_bytes) },
    { .name = "cpu", .read = json_read_duration, .offset = AT(quotas.cpu_ms) },
    { .name = "output", .read = json_read_size, .offset = AT(quotas.output_bytes) },
    { 0 },
};

static const struct json_member rate_members[] = {
    { .name = "calls_per_minute", .read = read_count, .offset = AT(rates.calls_per_minute) },
    { .name = "runs_per_hour", .read = read_count, .offset = AT(rates.runs_per_hour) },
    { 0 },
};

static void read_quotas(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    struct principal *principal = into;
    const struct quotas *quotas = &principal->quotas;
    json_read_object(reading, path, value, quota_members, into);
    if (quotas->running == UNBOUNDED &&
        (quotas->memory_bytes != UNBOUNDED || quotas->cpu_ms != UNBOUNDED))
        json_fault_at(reading, path,
                      "memory and cpu are shared out among the runs there may be at once: the key "
                      "running is missing");
}

static void read_rates(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_object(reading, path, value, rate_members, into);
}

/* An empty list would read like no word about it, which means those of everybody. */
static void judge_list(struct json_reading *reading, const char *path, char *const *list)
{
    if (list_len(list) == 0)
        json_fault_at(reading, path, "at least one is wanted");
}

static void read_policies(struct json_reading *reading, const char *path, struct json_object *value,
                          void *into)
{
    json_read_names(reading, path, value, into);
    judge_list(reading, path, *(char ***)into);
}

static void read_roots(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    json_read_paths(reading, path, value, into);
    judge_list(reading, path, *(char ***)into);
}

static const struct json_member members[] = {
    { .name = "scopes", .read = read_scopes, .offset = AT(scopes) },
    { .name = "subject", .read = json_read_text_member, .offset = AT(subject) },
    { .name = "policies", .read = read_policies, .offset = AT(policies) },
    { .name = "roots", .read = read_roots, .offset = AT(roots) },
    { .name = "quotas", .read = read_quotas },
    { .name = "rates", .read = read_rates },
    { 0 },
};

static const struct principal unbounded = {
    .name = OWNER_LOCAL,
    .scopes = SCOPES_ALL,
    .quotas = { UNBOUNDED, UNBOUNDED, UNBOUNDED, UNBOUNDED, UNBOUNDED },
    .rates = { UNBOUNDED, UNBOUNDED },
};

/* --- all of them ------------------------------------------------------------------------- */

bool principal_name_valid(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);
    return len > 0 && len < OWNER_MAX && *name != '.' && strspn(name, plain) == len;
}

static bool is_derived(const char *name)
{
    static const char digits[] = "0123456789abcdef";
    size_t prefix = strlen(PRINCIPAL_DERIVED);
    return strncmp(name, PRINCIPAL_DERIVED, prefix) == 0 && strlen(name) == prefix + 32 &&
           strspn(name + prefix, digits) == 32;
}

static void judge(struct json_reading *reading, const char *path, const char *name,
                  const struct principals *all, const struct principal *read)
{
    if (strcmp(name, PRINCIPAL_ANYBODY) != 0 && !principal_name_valid(name))
        json_fault_at(reading, path,
                      "the name of a principal has 1 to %d letters, digits, '-', '_' and '.', not "
                      "first a '.'; \"" PRINCIPAL_ANYBODY "\" stands for anybody",
                      OWNER_MAX - 1);
    if (is_derived(name))
        json_fault_at(reading, path, "names such as this are made for subjects without an entry");
    if (read->subject &&
        (strcmp(name, PRINCIPAL_ANYBODY) == 0 || principal_of_subject(all, read->subject)))
        json_fault_at(reading, path, "a subject belongs to one principal");
    if (list_has(read->policies, "fetch"))
        json_fault_at(reading, path, "\"fetch\" is cordon's own and no client's");
}

void principals_read(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    struct principals *all = into;
    if (!json_object_is_type(value, json_type_object)) {
        json_fault_at(reading, path, "an object {\"NAME\": { }} is wanted");
        return;
    }
    json_object_object_foreach(value, name, object)
    {
        autofree char *place = xasprintf("%s.%s", path, name);
        struct principal read = unbounded;
        read.scopes = SCOPE_RUN | SCOPE_JOBS | SCOPE_SCRIPTS; /* admin has to be said */
        (void)snprintf(read.name, sizeof(read.name), "%s", name);
        json_read_object(reading, place, object, members, &read);
        judge(reading, place, name, all, &read);
        all->list = xrealloc(all->list, (all->count + 1) * sizeof(*all->list));
        all->list[all->count++] = read;
    }
}

void principals_done(struct principals *principals)
{
    for (size_t i = 0; i < principals->count; i++) {
        free(principals->list[i].subject);
        list_free(principals->list[i].policies);
        list_free(principals->list[i].roots);
    }
    free(principals->list);
    *principals = (struct principals){ 0 };
}

static const struct principal *row(const struct principals *principals, const char *name)
{
    for (size_t i = 0; i < principals->count; i++)
        if (strcmp(principals->list[i].name, name) == 0)
            return &principals->list[i];
    return NULL;
}

const struct principal *principal_find(const struct principals *principals, const char *owner)
{
    if (!principal_name_valid(owner))
        return NULL;
    const struct principal *found = row(principals, is_derived(owner) ? PRINCIPAL_ANYBODY : owner);
    return found || strcmp(owner, OWNER_LOCAL) != 0 ? found : &unbounded;
}

const struct principal *principal_of_subject(const struct principals *principals,
                                             const char *subject)
{
    for (size_t i = 0; i < principals->count; i++)
        if (principals->list[i].subject && strcmp(principals->list[i].subject, subject) == 0)
            return &principals->list[i];
    return NULL;
}
