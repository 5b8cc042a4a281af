/* SPDX-License-Identifier: Apache-2.0 */
/* policy_find.c - which file a policy's name stands for, and its text. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "fd.h"
#include "filter.h"
#include "policy_keep.h"
#include "str.h"

#define SUFFIX ".json"

/* What policies_remember() read. It lives as long as the process. */
static struct remembered {
    char *path;
    char *text;
    size_t len;
} * remembered;
static size_t remembered_count;

static const struct remembered *recall(const char *path)
{
    for (size_t i = 0; i < remembered_count; i++)
        if (strcmp(remembered[i].path, path) == 0)
            return &remembered[i];
    return NULL;
}

static int read_trusted(const char *path, char **ret, size_t *len, struct error *err)
{
    /* Not blocking: a FIFO under a policy's name must not stop the gate. */
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail_host(err, "open %s", path);
    int r = trusted_file(fd, path, err);
    if (r < 0)
        return r;
    r = fd_read_all(fd, POLICY_BYTES_MAX, ret, len, err);
    return r < 0 ? fail_within(err, "%s", path) : 0;
}

int policy_text(const char *path, char **ret, size_t *len, struct error *err)
{
    const struct remembered *known = recall(path);
    if (!known)
        return read_trusted(path, ret, len, err);
    *ret = xstrndup(known->text, known->len);
    *len = known->len;
    return 0;
}

/* --- the directories -------------------------------------------------------- */

static char *policy_path(const char *dir, const char *name)
{
    return xasprintf("%s%s%s" SUFFIX, dir, ends_with(dir, "/") ? "" : "/", name);
}

static bool listed(const struct policy_found *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

static void list_directory(const char *dir, struct policy_found **list, size_t *count)
{
    DIR *stream = opendir(dir);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!ends_with(entry->d_name, SUFFIX))
            continue;
        autofree char *name = xstrndup(entry->d_name, strlen(entry->d_name) - (sizeof(SUFFIX) - 1));
        if (!name_valid(name) || strcmp(name, GROUPS_NAME) == 0 || listed(*list, *count, name))
            continue;
        *list = xrealloc(*list, (*count + 1) * sizeof(**list));
        (*list)[*count].path = policy_path(dir, name);
        (*list)[(*count)++].name = TAKE(&name);
    }
    closedir(stream);
}

static int order_found(const void *left, const void *right)
{
    const struct policy_found *a = left, *b = right;
    return strcmp(a->name, b->name);
}

size_t policies_list(const struct sandbox *sandbox, struct policy_found **ret)
{
    size_t count = 0;
    *ret = NULL;
    for (char *const *dir = sandbox->policy_dirs; dir && *dir; dir++)
        list_directory(*dir, ret, &count);
    if (count > 1)
        qsort(*ret, count, sizeof(**ret), order_found);
    return count;
}

void policies_list_free(struct policy_found *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].path);
    }
    free(list);
}

/* A file that is not trusted is not remembered: whoever asks for it by name
 * gets the reason, and the others work on. False where there is no such file. */
static bool remember(const char *path)
{
    char *text;
    size_t len;
    struct error err = { 0 };
    if (recall(path))
        return true;
    if (read_trusted(path, &text, &len, &err) < 0)
        return err.code != ENOENT;
    remembered = xrealloc(remembered, (remembered_count + 1) * sizeof(*remembered));
    remembered[remembered_count++] =
        (struct remembered){ .path = xstrdup(path), .text = text, .len = len };
    return true;
}

static void remember_groups(const struct sandbox *sandbox)
{
    struct error ignored;
    (void)groups_text(sandbox, &ignored);
}

void policy_remember_file(const struct sandbox *sandbox, const char *path)
{
    (void)remember(path);
    remember_groups(sandbox);
}

void policy_remember(const struct sandbox *sandbox, const char *name)
{
    bool found = !name_valid(name);
    for (char *const *dir = sandbox->policy_dirs; !found && dir && *dir; dir++) {
        autofree char *path = policy_path(*dir, name);
        found = remember(path);
    }
    remember_groups(sandbox);
}

void policies_remember(const struct sandbox *sandbox)
{
    struct policy_found *list;
    size_t count = policies_list(sandbox, &list);
    for (size_t i = 0; i < count; i++)
        (void)remember(list[i].path);
    policies_list_free(list, count);
    remember_groups(sandbox);
}

/* `for_box`: cordon's own is not among what somebody may have meant. */
static int unknown_policy(const struct sandbox *sandbox, const char *name, bool for_box,
                          struct error *err)
{
    struct policy_found *list;
    size_t count = policies_list(sandbox, &list);
    autostr struct str names = { 0 };
    for (size_t i = 0; i < count; i++)
        if (!for_box || strcmp(list[i].name, POLICY_OWN) != 0)
            str_printf(&names, "%s%s", names.len ? ", " : "", list[i].name);
    policies_list_free(list, count);
    char shown[64];
    return fail_caller(err, ENOENT, "no policy is named \"%s\"; there are: %s",
                       printable(name, shown, sizeof(shown)), names.len ? names.data : "none");
}

/* The first of `names` (NULL-ended, or NULL) that is in no policy directory: BLAME_HOST. */
static int judge_names(const struct sandbox *sandbox, char *const *names, const char *where,
                       const struct policy_found *list, size_t count, struct error *err)
{
    for (; names && *names; names++)
        if (!listed(list, count, *names)) {
            (void)unknown_policy(sandbox, *names, true, err);
            err->blame = BLAME_HOST;
            return fail_within(err, "%s", where);
        }
    return 0;
}

int policies_of_clients(const struct sandbox *sandbox, struct error *err)
{
    const struct config *config = &sandbox->config;
    char *const by_default[] = { config->default_policy, NULL };
    struct policy_found *list;
    size_t count = policies_list(sandbox, &list);
    int r = judge_names(sandbox, config->client_policies, "client_policies", list, count, err);
    if (r == 0)
        r = judge_names(sandbox, by_default, "default_policy", list, count, err);
    policies_list_free(list, count);
    return r;
}

static int judge_principal(const struct sandbox *sandbox, const struct principal *principal,
                           const struct policy_found *list, size_t count, struct error *err)
{
    autofree char *where = xasprintf("principals.%s.policies", principal->name);
    return judge_names(sandbox, principal->policies, where, list, count, err);
}

int policies_of_principals(const struct sandbox *sandbox, struct error *err)
{
    const struct principals *principals = &sandbox->config.principals;
    struct policy_found *list;
    size_t count = policies_list(sandbox, &list);
    int r = 0;
    for (size_t i = 0; r == 0 && i < principals->count; i++)
        r = judge_principal(sandbox, &principals->list[i], list, count, err);
    policies_list_free(list, count);
    return r;
}

/* --- one policy ------------------------------------------------------------- */

int policy_parse(const struct sandbox *sandbox, const char *source, const char *text, size_t len,
                 struct policy **ret, struct error *err)
{
    return policy_parse_report(sandbox, source, text, len, NULL, ret, err);
}

int policy_read(const struct sandbox *sandbox, const char *path, struct policy **ret,
                struct error *err)
{
    autofree char *text = NULL;
    size_t len;
    int r = policy_text(path, &text, &len, err);
    return r < 0 ? r : policy_parse(sandbox, path, text, len, ret, err);
}

static int make_ready(const struct sandbox *sandbox, const struct policy_text_pair *from,
                      struct policy **ret, struct error *err)
{
    autopolicy struct policy *policy = NULL;
    struct filter filter = { 0 };
    int r = policy_parse(sandbox, from->path, from->text, from->len, &policy, err);
    if (r == 0)
        r = filter_for(sandbox, policy, &filter, err);
    if (r < 0)
        return r;
    policy->guards_modes = filter_guards_modes(sandbox, policy);
    policy->program = filter.program;
    policy->program_length = filter.length;
    (void)SHA256Data((const uint8_t *)from->text, from->len, policy->sha256);
    policy_keep(sandbox, from, policy);
    *ret = TAKE(&policy);
    return 0;
}

int policy_ready_file(const struct sandbox *sandbox, const char *path, struct policy **ret,
                      struct error *err)
{
    autofree char *text = NULL;
    struct policy_text_pair from = { .path = path };
    struct error none;
    int r = policy_text(path, &text, &from.len, err);
    if (r < 0)
        return r;
    from.text = text;
    from.groups = groups_text(sandbox, err);
    if (!from.groups)
        return -err->code;
    return policy_recall(sandbox, &from, ret, &none) == 0 ? 0
                                                          : make_ready(sandbox, &from, ret, err);
}

/* The first directory that has such a file decides. */
static int find_named(const struct sandbox *sandbox, const char *name,
                      int (*read)(const struct sandbox *sandbox, const char *path,
                                  struct policy **ret, struct error *err),
                      struct policy **ret, struct error *err)
{
    const bool for_box = read == policy_ready_file;
    if (!name_valid(name) || strcmp(name, GROUPS_NAME) == 0)
        return unknown_policy(sandbox, name, for_box, err);
    for (char *const *dir = sandbox->policy_dirs; dir && *dir; dir++) {
        autofree char *path = policy_path(*dir, name);
        autopolicy struct policy *policy = NULL;
        struct error here = { 0 };
        int r = read(sandbox, path, &policy, &here);
        if (r == -ENOENT)
            continue;
        if (r < 0) {
            *err = here;
            return r;
        }
        assert(policy);
        if (strcmp(policy->name, name) != 0)
            return fail_host_as(err, EINVAL, "%s: name: \"%s\" is not the file's name", path,
                                policy->name);
        *ret = TAKE(&policy);
        return 0;
    }
    return unknown_policy(sandbox, name, for_box, err);
}

int policy_load(const struct sandbox *sandbox, const char *name, struct policy **ret,
                struct error *err)
{
    return find_named(sandbox, name, policy_read, ret, err);
}

int policy_ready(const struct sandbox *sandbox, const char *name, struct policy **ret,
                 struct error *err)
{
    return find_named(sandbox, name, policy_ready_file, ret, err);
}
